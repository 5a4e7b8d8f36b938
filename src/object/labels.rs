//! What an object's labels and annotations say of its instance and its token.

/// Label: which tool made an object.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Label: which instance an object belongs to.
pub const INSTANCE: &str = "app.kubernetes.io/instance";
/// Label: which consumer it is for.
pub const COMPONENT: &str = "app.kubernetes.io/component";
/// Label of a ServiceAccount that somebody else, such as a chart, made for an instance: which.
pub const MADE_FOR: &str = "monconf/instance";
/// Annotation of a token Secret: the handle that its token is bound to.
pub const HANDLE: &str = "monconf/handle";
/// Annotation of a handle: the duration that was asked for.
pub const REQUESTED: &str = "monconf/requested";
/// Annotation of a handle: when its token was issued.
pub const ISSUED_AT: &str = "monconf/issued-at";
/// Annotation of a handle: when its token ends, as the server granted it.
pub const EXPIRES_AT: &str = "monconf/expires-at";
/// Annotation of the bound Secret of a token that was replaced: until when that token stays valid.
pub const REVOKE_AFTER: &str = "monconf/revoke-after";
