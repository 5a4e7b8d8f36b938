//! What causes have in common.

use super::Cause;

impl Cause {
    /// Whether both are mended together: the same fault of the same role or binding, whatever right it denies.
    #[must_use]
    pub fn is_kin(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::MissingRule { role: one, .. }, Self::MissingRule { role: other, .. }) => {
                one == other
            }
            (Self::MissingBinding { role: one, .. }, Self::MissingBinding { role: other, .. }) => {
                one == other
            }
            (Self::MissingRole { role: one, .. }, Self::MissingRole { role: other, .. }) => {
                one == other
            }
            (
                Self::WrongSubjectNamespace { binding: one, .. },
                Self::WrongSubjectNamespace { binding: other, .. },
            )
            | (
                Self::RoleNotClusterRole { binding: one, .. },
                Self::RoleNotClusterRole { binding: other, .. },
            ) => one == other,
            (Self::MissingRight { who: one, .. }, Self::MissingRight { who: other, .. }) => {
                one == other
            }
            (Self::NotApplied { .. }, Self::NotApplied { .. })
            | (Self::ExtensionsGroup { .. }, Self::ExtensionsGroup { .. }) => true,
            _ => self == other,
        }
    }

    /// Whether making anew what monconf makes mends it, for an instance of its own.
    #[must_use]
    pub fn is_mended_by_apply(&self) -> bool {
        matches!(
            self,
            Self::TokenExpired { .. }
                | Self::BoundObjectDeleted { .. }
                | Self::AccountDeleted { .. }
                | Self::AccountRecreated { .. }
                | Self::WrongAudience { .. }
                | Self::WrongIssuer { .. }
                | Self::WrongKey
                | Self::GarbageToken
                | Self::NoToken { .. }
                | Self::MissingRight { .. }
                | Self::MissingRule { .. }
                | Self::MissingBinding { .. }
                | Self::MissingRole { .. }
                | Self::WrongSubjectNamespace { .. }
                | Self::RoleNotClusterRole { .. }
                | Self::ExtensionsGroup { .. }
                | Self::NotApplied { .. }
                | Self::RejectedByOperator { .. }
        ) || self.is_selected_after_apply()
    }
}
