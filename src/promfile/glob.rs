//! Patterns of file names, as `scrape_config_files` has them (`filepath.Match` of Go).

use std::fs;
use std::path::{Component, Path, PathBuf};

/// The files that `pattern` matches, in the order of their names. What cannot be read has no files, as in Prometheus.
#[must_use]
pub fn glob(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let Component::Normal(name) = component else {
            for path in &mut found {
                path.push(component);
            }
            continue;
        };
        let name = name.to_string_lossy();
        if !name.contains(['*', '?', '[', '\\']) {
            for path in &mut found {
                path.push(&*name);
            }
            continue;
        }
        let pattern: Vec<char> = name.chars().collect();
        found = found
            .iter()
            .flat_map(|path| children(path, &pattern))
            .collect();
    }
    found.retain(|path| path.is_file());
    found
}

/// Whether `pattern` matches `path`, which need not exist.
#[must_use]
pub fn covers(pattern: &Path, path: &Path) -> bool {
    let (mut patterns, mut names) = (pattern.components(), path.components());
    loop {
        match (patterns.next(), names.next()) {
            (None, None) => return true,
            (Some(Component::Normal(pattern)), Some(Component::Normal(name))) => {
                let pattern: Vec<char> = pattern.to_string_lossy().chars().collect();
                let name: Vec<char> = name.to_string_lossy().chars().collect();
                if !matches(&pattern, &name) {
                    return false;
                }
            }
            (pattern, name) if pattern == name => {}
            _ => return false,
        }
    }
}

fn children(folder: &Path, pattern: &[char]) -> Vec<PathBuf> {
    let here = Path::new(".");
    let listed = if folder.as_os_str().is_empty() {
        here
    } else {
        folder
    };
    let entries = fs::read_dir(listed).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names
        .filter(|name| matches(pattern, &name.chars().collect::<Vec<_>>()))
        .collect();
    names.sort();
    names.iter().map(|name| folder.join(name)).collect()
}

/// As Go's `path.Match` does. What follows the last `*` decides where it ends: an earlier one need never be tried again.
fn matches(pattern: &[char], name: &[char]) -> bool {
    let (mut pattern, mut name) = (pattern, name);
    // Behind the last `*`, and where the name goes on if it takes one character more.
    let mut star: Option<(&[char], &[char])> = None;
    loop {
        if let ['*', rest @ ..] = pattern {
            star = Some((rest, name));
            pattern = rest;
        } else if pattern.is_empty() && name.is_empty() {
            return true;
        } else if let Some((rest, after)) = one(pattern, name) {
            (pattern, name) = (rest, after);
        } else {
            let Some((rest, [_, after @ ..])) = star else {
                return false;
            };
            star = Some((rest, after));
            (pattern, name) = (rest, after);
        }
    }
}

/// What is left of both behind one character of the name, if the pattern begins with something that takes it.
fn one<'a>(pattern: &'a [char], name: &'a [char]) -> Option<(&'a [char], &'a [char])> {
    let (character, after) = name.split_first()?;
    match pattern {
        ['?', rest @ ..] => Some((rest, after)),
        ['[', set @ ..] => {
            let end = set.iter().skip(1).position(|&end| end == ']')?;
            in_set(&set[..=end], *character).then_some((&set[end + 2..], after))
        }
        ['\\', literal, rest @ ..] | [literal, rest @ ..] => {
            (literal == character).then_some((rest, after))
        }
        [] => None,
    }
}

fn in_set(set: &[char], character: char) -> bool {
    let (negated, set) = match set {
        ['^', set @ ..] => (true, set),
        set => (false, set),
    };
    let mut rest = set;
    let mut found = false;
    while let Some((&first, after)) = rest.split_first() {
        if let ['-', last, after @ ..] = after {
            found |= (first..=*last).contains(&character);
            rest = after;
        } else {
            found |= first == character;
            rest = after;
        }
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tried in every way, this would not end.
    #[test]
    fn many_stars_take_no_longer() {
        let pattern: Vec<char> = "*a".repeat(40).chars().chain(['b']).collect();
        let name: Vec<char> = "a".repeat(2_000).chars().collect();
        assert!(!matches(&pattern, &name));
    }

    #[test]
    fn names_are_matched_as_go_does() {
        let match_ = |pattern: &str, name: &str| {
            matches(
                &pattern.chars().collect::<Vec<_>>(),
                &name.chars().collect::<Vec<_>>(),
            )
        };
        for (pattern, name, expected) in [
            ("*.yml", "a.yml", true),
            ("*.yml", "a.yaml", false),
            ("k8s-?.yml", "k8s-1.yml", true),
            ("k8s-?.yml", "k8s-10.yml", false),
            ("[a-c]*", "b1", true),
            ("[^a-c]*", "b1", false),
            ("[ab", "a", false),
            (r"\*", "*", true),
            (r"\*", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(match_(pattern, name), expected, "{pattern} and {name}");
        }
    }

    #[test]
    fn folders_may_be_patterns_too() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["a1/x.yml", "a2/y.yml", "b/z.yml", "a1/x.txt"] {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
            fs::write(file, "").expect("a file");
        }
        let found = glob(&folder.path().join("a*/*.yml"));
        let names: Vec<_> = found
            .iter()
            .map(|path| path.strip_prefix(folder.path()))
            .collect();
        assert_eq!(
            names,
            [Ok(Path::new("a1/x.yml")), Ok(Path::new("a2/y.yml"))]
        );
        assert!(glob(&folder.path().join("none.yml")).is_empty());
    }
}
