//! What is refused, with its line, and with its column where the text is no valid YAML.

use yaml::Step;

use super::edit::{job, splice};

fn refused(text: &str) -> String {
    let steps = [Step::Key("scrape_configs".to_owned())];
    match splice(text, &steps, &[job("k8s-a", "https")]) {
        Ok(spliced) => panic!("{text:?} became {spliced:?}"),
        Err(refusal) => refusal.to_string(),
    }
}

#[test]
fn what_is_not_valid_is_refused_with_line_and_column() {
    let many: Vec<String> = (0..40).map(|key| format!("key{key}: 1\n")).collect();
    let many = many.concat();
    let twice = format!("{many}key39: 2\n");
    for (text, expected) in [
        ("a: 1\nb: 2\na: 3\n", "3:1: the key \"a\" is given twice"),
        (
            "scrape_configs: []\nscrape_configs: []\n",
            "2:1: the key \"scrape_configs\" is given twice",
        ),
        (
            "x:\n  - {a: 1, b: 2, \"a\": 3}\n",
            "2:18: the key \"a\" is given twice",
        ),
        (
            "scrape_configs:\n- job_name: a\n  job_name: b\n",
            "3:3: the key \"job_name\" is given twice",
        ),
        (&twice, "41:1: the key \"key39\" is given twice"),
        ("scrape_configs:\n\t- job_name: a\n", "2:2: tabs disallowed"),
        (
            "scrape_configs:\n- job_name: a\n\tx: 1\n",
            "2:13: while scanning a plain scalar, found a tab",
        ),
        (
            "global: {}\n\t# comment\n",
            "2:1: found character that cannot start any token",
        ),
        ("a: 'text\nb: 1\n", "1:4: unclosed quote"),
        ("b: 1\na: \"text\n", "2:4: unclosed quote"),
        ("a: [1, 2\nb: 3\n", "2:2: illegal placement of ':'"),
        ("a: {b: 1\n", "1:4: unclosed bracket '{'"),
        ("a: ]\n", "1:4: misplaced bracket"),
        ("a: 1\n]\n", "2:1: misplaced bracket"),
        (
            "scrape_configs:\n- job_name: a\n - job_name: b\n",
            "3:2: while parsing a block mapping",
        ),
        ("scrape_configs:\n  - job_name: a\n- job_name: b\n", "3:"),
        ("- a\nb: 1\n", "2:1: while parsing a block collection"),
        ("a: b: c\n", "1:5: mapping values are not allowed"),
        ("a: 1\n  b: 2\n", "2:4: mapping values are not allowed"),
        ("key: [a]: b\n", "1:9: mapping values are not allowed"),
        (
            "a: *nothing\n",
            "1:4: while parsing node, found unknown anchor",
        ),
        ("a: @x\n", "1:4: unexpected character: `@'"),
        ("a: %x\n", "1:4: unexpected character: `%'"),
        (
            "a: \"\\q\"\n",
            "1:4: while parsing a quoted scalar, found unknown escape",
        ),
        ("a: \"x\"#c\n", "1:7: comments must be separated"),
        ("a: | text\n  b\n", "1:4: while scanning a block scalar"),
        (
            "%YAML 1.1\na: 1\n",
            "2:1: did not find expected <document start>",
        ),
        ("a: &x &y 1\n", "1:7: while parsing a block mapping"),
        ("a: \0\n", "1:4: unexpected character"),
        ("a: 1\n\u{7}\n", "2:1: unexpected character"),
    ] {
        let said = refused(text);
        let said = said.strip_prefix("prometheus.yml:").unwrap_or_default();
        assert!(said.starts_with(expected), "{text:?}: {said}");
        let mut place = said.splitn(3, ':');
        let numbers = [place.next(), place.next()].map(|part| part.unwrap().parse::<usize>());
        assert!(
            numbers
                .iter()
                .all(|number| number.as_ref().is_ok_and(|n| *n > 0)),
            "{said}"
        );
    }
}

#[test]
fn a_list_that_is_not_lines_of_its_own_is_refused_with_its_line() {
    for (text, expected) in [
        (
            "global: {}\nscrape_configs: [{job_name: a}]\n",
            "2: scrape_configs is written in brackets",
        ),
        (
            "scrape_configs:\n  [\n  {job_name: a}]\n",
            "2: scrape_configs is written in brackets",
        ),
        (
            "scrape_configs: [\n]\n",
            "1: scrape_configs is written in brackets",
        ),
        ("scrape_configs: {}\n", "1: scrape_configs is a map"),
        (
            "scrape_configs:\n  job_name: a\n",
            "2: scrape_configs is a map",
        ),
        ("scrape_configs: none\n", "1: scrape_configs is not a list"),
        ("scrape_configs: ''\n", "1: scrape_configs is not a list"),
        (
            "scrape_configs: !!null\n",
            "1: scrape_configs is not a list",
        ),
        (
            "x: &x []\nscrape_configs: *x\n",
            "2: scrape_configs is an alias",
        ),
        (
            "scrape_configs: &x\n- job_name: a\ny: 1\nz: *x\n",
            "4: the list, or what holds it, is also used here",
        ),
        (
            "x: &x\n  scrape_configs: []\n<<: *x\n",
            "3: scrape_configs may come through the merge key",
        ),
        (
            "<<: {a: 1}\n",
            "1: scrape_configs may come through the merge key",
        ),
        (
            "? global\n: x: 1\n? scrape_configs\n: - job_name: a\n",
            "4: an item does not begin on a line of its own",
        ),
        ("--- {global: {}}\n", "1: the document is a map in braces"),
        ("# jobs\n- job_name: a\n", "2: the document is a list"),
        ("text\n", "1: the document is a single value"),
        (
            "scrape_configs:\n- job_name: k8s-a\n- job_name: b\n- job_name: k8s-a\n",
            "4: k8s-a is there twice",
        ),
    ] {
        let said = refused(text);
        let said = said.strip_prefix("prometheus.yml:").unwrap_or_default();
        assert!(said.starts_with(expected), "{text:?}: {said}");
    }
}

/// With our job gone, the comment behind it would be a line of the text before it, or an alias stand for another value;
/// with ours added, the text at the end would have a line break. A large file has one reader less to tell so.
#[test]
fn what_would_change_the_meaning_of_others_is_refused_with_its_line() {
    let steps = [Step::Key("scrape_configs".to_owned())];
    let comment = "scrape_configs:\n- job_name: a\n  relabel_configs:\n  - replacement: |\n      text\n\
                   - job_name: k8s-b  # by monconf, instance monitoring\n      # deep\n- job_name: c\n";
    let end = "global: {}\nnote: |\n  no line break";
    let anchor = "x: &x 1\nscrape_configs:\n- job_name: k8s-b  # by monconf, instance monitoring\n  y: &x 2\n\
                  - job_name: a\n  z: *x\n";
    let job = [job("k8s-a", "https")];
    let large = format!("# {}\n", "large ".repeat(50_000));
    for (text, entries, line, why) in [
        (comment, &[][..], 6, "a would not be what it should"),
        (anchor, &[], 3, "a would not be what it should"),
        (end, &job[..], 3, "something beside the list would change"),
    ] {
        let small = splice(text, &steps, entries).unwrap_err();
        let large = splice(&format!("{large}{text}"), &steps, entries).unwrap_err();
        assert_eq!(
            (small.line, large.line),
            (line, line + 1),
            "{small}, {large}"
        );
        assert!(
            small.why.contains(why) && large.why.contains(why),
            "{small}, {large}"
        );
    }
}
