//! Recognizes code that is compiled for tests only.

use syn::punctuated::Punctuated;
use syn::{Attribute, ForeignItem, ImplItem, Item, Meta, Stmt, Token, TraitItem};

/// Whether one of `attributes` excludes its item from the program: `#[cfg(test)]`, also among other conditions.
#[must_use]
pub fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"))
        .filter_map(|attribute| attribute.parse_args().ok())
        .any(|condition| requires_test(&condition))
}

fn requires_test(condition: &Meta) -> bool {
    let Meta::List(list) = condition else {
        return condition.path().is_ident("test");
    };
    let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    let Ok(parts) = parts else { return false };
    if list.path.is_ident("all") {
        parts.iter().any(requires_test)
    } else {
        list.path.is_ident("any") && !parts.is_empty() && parts.iter().all(requires_test)
    }
}

/// Syntax that has attributes. The enums of syn have no method for them.
pub(crate) trait Attributed {
    fn attributes(&self) -> &[Attribute];
}

macro_rules! attributed {
    ($type:ident: $($variant:ident)*) => {
        impl Attributed for $type {
            fn attributes(&self) -> &[Attribute] {
                match self {
                    $($type::$variant(it) => &it.attrs,)*
                    _ => &[],
                }
            }
        }
    };
}

attributed!(Item: Const Enum ExternCrate Fn ForeignMod Impl Macro Mod Static Struct Trait TraitAlias Type Union Use);
attributed!(ImplItem: Const Fn Macro Type);
attributed!(TraitItem: Const Fn Macro Type);
attributed!(ForeignItem: Fn Macro Static Type);
attributed!(Stmt: Local Macro);

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(attribute: &str) -> bool {
        let item: syn::ItemStruct =
            syn::parse_str(&format!("{attribute} struct X;")).expect("an item");
        is_test_only(&item.attrs)
    }

    #[test]
    fn conditions_that_only_tests_meet_are_test_only() {
        for attribute in [
            "#[cfg(test)]",
            "#[cfg(all(test, unix))]",
            "#[cfg(any(test, all(unix, test)))]",
            "#[must_use] #[cfg(test)]",
        ] {
            assert!(judged(attribute), "{attribute}");
        }
    }

    #[test]
    fn conditions_that_the_program_can_meet_are_not() {
        for attribute in [
            "#[cfg(not(test))]",
            "#[cfg(any(test, unix))]",
            "#[cfg(feature = \"test\")]",
            "#[cfg_attr(test, derive(Debug))]",
            "#[doc = \"test\"]",
        ] {
            assert!(!judged(attribute), "{attribute}");
        }
    }
}
