//! What a namespace holds.

/// What a namespace holds, but for what every namespace has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceContent {
    /// Each object.
    pub objects: Vec<Found>,
    /// Sentences about what could not be looked at.
    pub unknown: Vec<String>,
}

/// An object of any kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Kind and name: `Pod web-0`; with the API group where several groups have a kind of that name.
    pub name: String,
    /// `metadata.uid`; objects that are computed have none.
    pub uid: Option<String>,
}
