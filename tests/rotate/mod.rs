//! `monconf rotate`: a new token replaces the old one, without a gap.

mod consent;
mod elsewhere;
mod killed;
mod load;
mod meanwhile;
mod missing;
mod mounted;
mod operator;
mod outcomes;
mod overlap;
mod plan;
mod rights;
mod support;
