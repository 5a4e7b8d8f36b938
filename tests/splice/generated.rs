//! Random documents: what is changed is exactly what should be, or it is refused.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use monconf::splice::Entry;
use serde_json::Value;

use super::edit::{WAS, insertion, job, list, splice};
use super::generator::{Document, Random};

/// At least, and more where the variable says so.
const CASES: usize = 20_000;
const VARIABLE: &str = "MONCONF_PROPERTY_CASES";

#[test]
fn random_documents_are_changed_exactly_as_they_should_be() {
    let asked = std::env::var(VARIABLE).map(|cases| cases.parse().expect("a number"));
    let cases = asked.unwrap_or(0).max(CASES);
    let threads = thread::available_parallelism().map_or(2, usize::from);
    let (next, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= cases {
                        break;
                    }
                    let case = Case::new(seed);
                    refused.fetch_add(usize::from(case.run().is_none()), Ordering::Relaxed);
                }
            });
        }
    });
    let refused = refused.into_inner();
    assert!(refused * 200 < cases, "{refused} of {cases} were refused");
}

struct Case {
    seed: usize,
    random: Random,
    document: Document,
}

impl Case {
    fn new(seed: usize) -> Self {
        let seed_of_document = u64::try_from(seed).unwrap();
        let mut document = Document::new(seed_of_document);
        // Those above 256 KiB are read in another way.
        if seed.is_multiple_of(200) {
            document.enlarge();
        }
        Self {
            seed,
            random: Random::new(!seed_of_document),
            document,
        }
    }

    /// `None` where something was refused.
    fn run(mut self) -> Option<()> {
        let text = self.document.text.clone();
        self.is(&self.read(&text), &self.document.value, &text);
        let added = self.added(&text)?;
        if self.random.is(50) {
            self.moved(&text, &added)
        } else {
            self.taken(&text)
        }
    }

    /// Jobs come behind the others, and go again.
    fn added(&self, text: &str) -> Option<String> {
        let jobs = [job("k8s-a", "https"), job("k8s-b", "https")];
        let new = self.settled(text, &jobs)?;
        self.holds(insertion(text, &new.replacen(WAS, "", 1)).is_some(), &new);
        let mut expected = self.document.value.clone();
        let values = jobs.iter().map(|job| job.value.clone());
        list(&mut expected, &self.document.steps).extend(values);
        self.is(&self.read(&new), &expected, &new);
        if text.contains('\r') {
            self.holds(
                new.matches('\n').count() == new.matches("\r\n").count(),
                &new,
            );
        }
        let back = self.changed(&new, &[])?;
        self.holds(back == text, &back);
        Some(new)
    }

    /// The same jobs, put between those of others, are changed and removed there.
    fn moved(&mut self, text: &str, added: &str) -> Option<()> {
        if self.document.items.is_empty() {
            return Some(());
        }
        let index = self.random.below(self.document.items.len());
        let Some(start) = self.gap(text, index) else {
            return Some(());
        };
        let block = &added[insertion(text, added)?];
        let line_end = if text.contains('\r') { "\r\n" } else { "\n" };
        let block = format!("{}{line_end}", block.trim_matches(['\r', '\n']));
        let (before, after) = text.split_at(start);
        let moved = format!("{before}{block}{after}");
        let mut expected = self.document.value.clone();
        let jobs = [job("k8s-a", "https"), job("k8s-b", "https")];
        let values = jobs.iter().map(|job| job.value.clone());
        list(&mut expected, &self.document.steps).splice(index..index, values);
        if self.read(&moved) != expected {
            // A line that was put before would now belong to a text.
            return Some(());
        }
        self.holds(self.changed(&moved, &jobs)? == moved, &moved);

        let other = self.changed(&moved, &[job("k8s-a", "http"), job("k8s-b", "https")])?;
        let mine = format!(
            "{before}{}{after}",
            block.replacen("scheme: https", "scheme: http", 1)
        );
        self.holds(other == mine, &other);

        let back = self.changed(&moved, &[])?;
        self.holds(back == text, &back);
        Some(())
    }

    /// The beginning of a line between an item and the one before it.
    fn gap(&mut self, text: &str, index: usize) -> Option<usize> {
        let items = &self.document.items;
        let start = items[index].start;
        let from = if index > 0 {
            items[index - 1].end
        } else {
            start
        };
        let breaks = text[from..start].match_indices('\n');
        let lines: Vec<usize> = breaks.map(|(at, _)| from + at + 1).chain([start]).collect();
        let line = lines[self.random.below(lines.len())];
        // Not before a byte order mark.
        (!text[line..].starts_with('\u{feff}')).then_some(line)
    }

    /// A job of somebody else is replaced where it stands.
    fn taken(&mut self, text: &str) -> Option<()> {
        let items = &self.document.items;
        let fit: Vec<usize> = (0..items.len())
            .filter(|index| items[*index].name.is_some() && !items[*index].has_anchors)
            .collect();
        if fit.is_empty() {
            return Some(());
        }
        let index = fit[self.random.below(fit.len())];
        let place = &self.document.items[index];
        let name = place.name.as_deref()?;
        let entry = job(name, "https");
        let new = self.settled(text, std::slice::from_ref(&entry))?;
        self.holds(
            new.starts_with(&text[..place.start]) && new.ends_with(&text[place.end..]),
            &new,
        );
        let mut expected = self.document.value.clone();
        list(&mut expected, &self.document.steps)[index] = entry.value;
        self.is(&self.read(&new), &expected, &new);
        Some(())
    }

    /// The text after a change, which is the same when it is made again; `None` where it is refused.
    fn settled(&self, text: &str, entries: &[Entry]) -> Option<String> {
        let new = self.changed(text, entries)?;
        let again = splice(&new, &self.document.steps, entries);
        let again = again.unwrap_or_else(|refusal| panic!("seed {}: {refusal}\n{new}", self.seed));
        self.holds(again.text.is_none(), &new);
        Some(new)
    }

    fn changed(&self, text: &str, entries: &[Entry]) -> Option<String> {
        match splice(text, &self.document.steps, entries) {
            Ok(spliced) => Some(spliced.text.unwrap_or_else(|| text.to_owned())),
            Err(refusal) => {
                assert!(refusal.line > 0, "seed {}: {refusal}\n{text}", self.seed);
                None
            }
        }
    }

    /// The first document, read by libyaml's family alone.
    fn read(&self, text: &str) -> Value {
        let documents = yaml::parse(text, "text");
        let documents =
            documents.unwrap_or_else(|error| panic!("seed {}: {error}\n{text}", self.seed));
        documents.into_iter().next().unwrap_or(Value::Null)
    }

    #[track_caller]
    fn is(&self, found: &Value, expected: &Value, text: &str) {
        let seed = self.seed;
        assert_eq!(found, expected, "seed {seed}:\n{text}");
    }

    #[track_caller]
    fn holds(&self, holds: bool, text: &str) {
        let seed = self.seed;
        assert!(
            holds,
            "seed {seed}, from:\n{}\nto:\n{text}",
            self.document.text
        );
    }
}
