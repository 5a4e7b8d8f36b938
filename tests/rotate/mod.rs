//! `monconf rotate`: a new token in the place of the old one, without a gap.

mod killed;
mod load;
mod mounted;
mod operator;
mod outcomes;
mod rights;
