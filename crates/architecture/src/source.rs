//! Finds the files of a crate as the compiler does: from the root along the `mod` declarations.

use std::io;
use std::path::{Path, PathBuf};

use syn::{Expr, ExprLit, Item, ItemMod, Lit, Meta};
use thiserror::Error;

use crate::test_only::is_test_only;

/// A file and the module that it holds.
pub struct Source {
    /// The path of the module from the root of the crate, which is empty for the root itself.
    pub module: Vec<String>,
    /// The path of the file.
    pub file: PathBuf,
    /// The content of the file.
    pub syntax: syn::File,
}

/// A file that is missing or is not Rust.
#[derive(Debug, Error)]
pub enum Unreadable {
    /// The file cannot be read.
    #[error("{}: {reason}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// The error of the system.
        reason: io::Error,
    },
    /// The file is not Rust.
    #[error("{}:{line}: {reason}", file.display())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The error of the parser.
        reason: syn::Error,
    },
}

/// Reads a file that may not exist.
pub type Read<'r> = &'r dyn Fn(&Path) -> io::Result<String>;

/// The files of the crate with this root, without files for tests only.
///
/// # Errors
/// When a file does not exist or is not Rust.
pub fn sources(root: &Path, read: Read<'_>) -> Result<Vec<Source>, Unreadable> {
    let folder = root.parent().unwrap_or(Path::new("")).to_owned();
    let mut found = Vec::new();
    follow(root.to_owned(), Vec::new(), &folder, read, &mut found)?;
    Ok(found)
}

/// Reads `file` and, in `folder`, the files of its modules.
fn follow(
    file: PathBuf,
    module: Vec<String>,
    folder: &Path,
    read: Read<'_>,
    found: &mut Vec<Source>,
) -> Result<(), Unreadable> {
    let text = match read(&file) {
        Ok(text) => text,
        Err(reason) => return Err(Unreadable::File { file, reason }),
    };
    let syntax = match syn::parse_file(&text) {
        Ok(syntax) => syntax,
        Err(reason) => {
            let line = reason.span().start().line;
            return Err(Unreadable::Syntax { file, line, reason });
        }
    };
    if is_test_only(&syntax.attrs) {
        return Ok(());
    }
    let beside = file.parent().unwrap_or(Path::new("")).to_owned();
    let declared = declared(&syntax.items, &module, folder, &beside);
    found.push(Source {
        module,
        file,
        syntax,
    });
    for Declared {
        module,
        file,
        folder,
    } in declared
    {
        let as_folder = folder.join("mod.rs");
        let file = match file {
            Some(file) => file,
            None if read(&as_folder).is_ok() => as_folder,
            None => folder.with_extension("rs"),
        };
        follow(file, module, &folder, read, found)?;
    }
    Ok(())
}

/// A module in a separate file.
struct Declared {
    module: Vec<String>,
    /// The path in `#[path]`.
    file: Option<PathBuf>,
    /// The folder of its modules.
    folder: PathBuf,
}

fn declared(items: &[Item], module: &[String], folder: &Path, beside: &Path) -> Vec<Declared> {
    let mut found = Vec::new();
    for item in items {
        let Item::Mod(declaration) = item else {
            continue;
        };
        if is_test_only(&declaration.attrs) {
            continue;
        }
        let name = declaration.ident.to_string();
        let module = [module, std::slice::from_ref(&name)].concat();
        let inner = folder.join(&name);
        if let Some((_, items)) = &declaration.content {
            found.extend(self::declared(items, &module, &inner, &inner));
            continue;
        }
        let file = path(declaration).map(|path| beside.join(path));
        found.push(Declared {
            module,
            folder: file
                .as_deref()
                .and_then(Path::parent)
                .map_or(inner, Path::to_owned),
            file,
        });
    }
    found
}

fn path(declaration: &ItemMod) -> Option<String> {
    declaration
        .attrs
        .iter()
        .find_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text),
                    ..
                }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        })
}

#[cfg(test)]
mod tests;
