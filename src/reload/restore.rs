//! Putting the old files back.

use super::wanted::Edit;
use crate::error::{Error, Result};
use crate::mask::Text;
use crate::promfile::{Write, remove};

/// Makes every file that was changed what it was, the last one first; one that was made is removed. Says what became of
/// them.
pub(super) fn restore(files: &[Edit]) -> String {
    let changed = files.iter().rev().filter(|edit| edit.is_changed());
    let words: Vec<String> = changed
        .map(|edit| {
            let path = edit.path.display();
            match (put_back(edit), &edit.before) {
                (Ok(true), Some(_)) => format!("file {path} is as it was"),
                (Ok(true), None) => format!("file {path} is removed again"),
                (Ok(false), _) => {
                    format!(
                        "file {path} was changed by somebody else meanwhile and is left as it is"
                    )
                }
                (Err(error), _) => format!("file {path} could not be put back ({error})"),
            }
        })
        .collect();
    words.join("; ")
}

/// Whether the file still held what was written, and so was put back. Owner and mode are those of the old one: a file
/// that is written keeps them.
fn put_back(edit: &Edit) -> Result<bool> {
    let after = edit.after.as_ref().map(Text::as_str);
    let put_back = match (&edit.before, after) {
        (Some(text), after) => Write {
            before: after,
            ..Write::new_file(&edit.path, text.as_str())
        }
        .write(),
        (None, Some(after)) => remove(&edit.path, after),
        (None, None) => Ok(()),
    };
    match put_back {
        Ok(()) => Ok(true),
        Err(Error::Changed { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn edit(path: &Path, before: Option<&str>) -> Edit {
        let text = |text: &str| text.to_owned().into();
        Edit {
            path: path.to_owned(),
            before: before.map(text),
            after: Some(text("new")),
        }
    }

    #[test]
    fn only_what_still_holds_what_was_written_is_put_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let [changed, made, others, gone, same] =
            ["changed", "made", "others", "gone", "same"].map(|name| folder.path().join(name));
        for path in [&changed, &made, &same] {
            fs::write(path, "new").expect("writes");
        }
        fs::write(&others, "newer").expect("writes");
        let words = restore(&[
            edit(&same, Some("new")),
            edit(&gone, Some("old")),
            edit(&others, None),
            edit(&made, None),
            edit(&changed, Some("old")),
        ]);
        let place = folder.path().display();
        let meanwhile = "was changed by somebody else meanwhile and is left as it is";
        assert_eq!(
            words,
            format!(
                "file {place}/changed is as it was; file {place}/made is removed again; \
                 file {place}/others {meanwhile}; file {place}/gone {meanwhile}"
            )
        );
        assert_eq!(fs::read_to_string(&changed).expect("reads"), "old");
        assert_eq!(fs::read_to_string(&others).expect("reads"), "newer");
        assert!(!made.exists() && !gone.exists());
    }
}
