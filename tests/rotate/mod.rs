//! `monconf rotate`: a new token in the place of the old one, without a gap.

mod load;
mod outcomes;
