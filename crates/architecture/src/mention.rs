//! Reads the paths in a file that can lead to another module of the crate.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{
    Arm, Attribute, Field, FieldValue, ForeignItem, ImplItem, Item, ItemMod, ItemUse, Macro, Meta,
    Stmt, TraitItem, UseTree, Variant, VisRestricted,
};

use crate::source::Source;
use crate::test_only::{Attributed, is_test_only};

/// A path in the source, with the module that contains it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The module, as a path from the root of the crate.
    pub within: Vec<String>,
    /// The path's names, `crate`, `super` and `self` among them.
    pub path: Vec<String>,
    /// The name that a `use` gives it; `*` where it is a glob.
    pub known_as: Option<String>,
    /// The line, from 1.
    pub line: usize,
}

/// Every path in `source`: in `use` trees, in code, in attributes and in the tokens of macros. Code for tests only is left
/// out.
#[must_use]
pub fn mentions(source: &Source) -> Vec<Mention> {
    let mut reader = Reader {
        within: source.module.clone(),
        found: Vec::new(),
    };
    reader.visit_file(&source.syntax);
    reader.found
}

struct Reader {
    within: Vec<String>,
    found: Vec<Mention>,
}

impl Reader {
    fn mention(&mut self, path: Vec<String>, known_as: Option<String>, line: usize) {
        self.found.push(Mention {
            within: self.within.clone(),
            path,
            known_as,
            line,
        });
    }

    /// Adds each name that a `use` tree imports.
    fn tree(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.tree(&path.tree, &with(&path.ident)),
            UseTree::Name(name) if name.ident == "self" => {
                let known_as = before.last().cloned();
                self.mention(before.to_vec(), known_as, name.ident.span().start().line);
            }
            UseTree::Name(name) => self.mention(
                with(&name.ident),
                Some(name.ident.to_string()),
                name.ident.span().start().line,
            ),
            UseTree::Rename(renamed) => self.mention(
                with(&renamed.ident),
                Some(renamed.rename.to_string()),
                renamed.ident.span().start().line,
            ),
            UseTree::Glob(glob) => self.mention(
                before.to_vec(),
                Some("*".to_owned()),
                glob.star_token.spans[0].start().line,
            ),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(tree, before);
                }
            }
        }
    }

    /// The arguments of a macro are tokens: a path in them begins with `crate`, `super` or `self` and `::`.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            let start = match token {
                TokenTree::Group(group) => {
                    self.tokens(group.stream());
                    continue;
                }
                TokenTree::Literal(literal) => {
                    self.quoted(&literal.to_string(), literal.span().start().line);
                    continue;
                }
                TokenTree::Ident(name) if starts_here(&name.to_string()) => name,
                _ => continue,
            };
            let line = start.span().start().line;
            let mut path = vec![start.to_string()];
            loop {
                let mut colons = 0;
                while colons < 2 && tokens.next_if(is_colon).is_some() {
                    colons += 1;
                }
                if colons < 2 {
                    break;
                }
                match tokens.peek() {
                    Some(TokenTree::Ident(name)) => path.push(name.to_string()),
                    Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                        let group = TokenTree::Group(group.clone());
                        if let Ok(tree) = syn::parse2::<UseTree>(group.into()) {
                            self.tree(&tree, &path);
                        }
                        break;
                    }
                    _ => break,
                }
                tokens.next();
            }
            if path.len() > 1 {
                self.mention(path, None, line);
            }
        }
    }

    /// Adds a path in quotes, as derive macros take it.
    fn quoted(&mut self, literal: &str, line: usize) {
        let Ok(path) = syn::parse_str::<syn::LitStr>(literal).and_then(|text| text.parse()) else {
            return;
        };
        self.path(&path, line);
    }

    fn path(&mut self, path: &syn::Path, line: usize) {
        if path.leading_colon.is_some() || path.segments.len() < 2 {
            return;
        }
        let names = path.segments.iter().map(|part| part.ident.to_string());
        self.mention(names.collect(), None, line);
    }
}

fn starts_here(name: &str) -> bool {
    ["crate", "super", "self"].contains(&name)
}

fn is_colon(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(mark) if mark.as_char() == ':')
}

/// Skips syntax for tests only.
macro_rules! unless_test_only {
    ($($method:ident: $type:ty, $attributes:expr;)*) => {$(
        fn $method(&mut self, it: &'a $type) {
            let attributes: fn(&$type) -> &[Attribute] = $attributes;
            if !is_test_only(attributes(it)) {
                visit::$method(self, it);
            }
        }
    )*};
}

impl<'a> Visit<'a> for Reader {
    unless_test_only! {
        visit_item: Item, Attributed::attributes;
        visit_impl_item: ImplItem, Attributed::attributes;
        visit_trait_item: TraitItem, Attributed::attributes;
        visit_foreign_item: ForeignItem, Attributed::attributes;
        visit_stmt: Stmt, Attributed::attributes;
        visit_field: Field, |it| &it.attrs;
        visit_variant: Variant, |it| &it.attrs;
        visit_field_value: FieldValue, |it| &it.attrs;
        visit_arm: Arm, |it| &it.attrs;
    }

    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        self.within.push(module.ident.to_string());
        visit::visit_item_mod(self, module);
        self.within.pop();
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        if item.leading_colon.is_none() {
            self.tree(&item.tree, &[]);
        }
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let line = path
            .segments
            .first()
            .map_or(0, |first| first.ident.span().start().line);
        self.path(path, line);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'a Macro) {
        self.visit_path(&called.path);
        self.tokens(called.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'a Attribute) {
        match &attribute.meta {
            // A link in a doc comment is not an import.
            meta if meta.path().is_ident("doc") => {}
            Meta::List(list) => self.tokens(list.tokens.clone()),
            _ => visit::visit_attribute(self, attribute),
        }
    }

    /// The path in `pub(in crate::plan)` is not an import.
    fn visit_vis_restricted(&mut self, _: &'a VisRestricted) {}
}
