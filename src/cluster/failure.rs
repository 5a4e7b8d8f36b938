//! placeholder, to be written
/// A failed request.
#[derive(Debug, thiserror::Error)]
#[error("failed")]
pub struct Failure;
impl Failure {
    /// hint
    #[must_use]
    pub fn hint(&self) -> Option<String> { None }
}
