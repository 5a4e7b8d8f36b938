//! Which values are looked for.

/// What is looked for under a key.
pub type Wanted = fn(&str) -> Extent;

/// Nothing is looked for.
pub const NOTHING: Wanted = |_| Extent::Nothing;

/// How much of what stands under a key is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Nothing.
    Nothing,
    /// A value of its own, or each of a list of them; not what is in a map.
    Value,
    /// Every value, however deep.
    All,
}
