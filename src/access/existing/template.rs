//! A label's value, as far as it is known before anything is discovered.

/// Texts and what is taken from discovered labels, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Template(pub(super) Vec<Piece>);

/// A part of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// This text.
    Text(String),
    /// What these labels hold, or a part of it.
    Taken {
        labels: Vec<String>,
        /// One label's whole value.
        whole: bool,
    },
}

impl Template {
    pub(super) fn text(text: impl Into<String>) -> Self {
        let mut template = Self::default();
        template.push(Piece::Text(text.into()));
        template
    }

    /// The value that discovery gives to `label`.
    pub(super) fn of_label(label: &str) -> Self {
        Self(vec![Piece::Taken {
            labels: vec![label.to_owned()],
            whole: true,
        }])
    }

    /// Something made of what `labels` hold.
    pub(super) fn made_of(labels: Vec<String>) -> Self {
        Self(vec![Piece::Taken {
            labels,
            whole: false,
        }])
    }

    pub(super) fn push(&mut self, piece: Piece) {
        match (self.0.last_mut(), piece) {
            (_, Piece::Text(text)) if text.is_empty() => {}
            (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
            (_, piece) => self.0.push(piece),
        }
    }

    pub(super) fn extend(&mut self, other: Self) {
        for piece in other.0 {
            self.push(piece);
        }
    }

    /// The text, where nothing is taken from a label.
    pub(super) fn literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The one label whose whole value this is.
    pub(super) fn label(&self) -> Option<&str> {
        match self.0.as_slice() {
            [
                Piece::Taken {
                    labels,
                    whole: true,
                },
            ] => labels.first().map(String::as_str),
            _ => None,
        }
    }

    /// Every label that something is taken from, each once.
    pub(super) fn labels(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for piece in &self.0 {
            if let Piece::Taken { labels, .. } = piece {
                for label in labels {
                    if !all.contains(label) {
                        all.push(label.clone());
                    }
                }
            }
        }
        all
    }

    /// The parts between slashes of its texts.
    pub(super) fn segments(&self) -> Vec<Self> {
        let mut segments = vec![Self::default()];
        for piece in &self.0 {
            match piece {
                Piece::Taken { .. } => last(&mut segments).push(piece.clone()),
                Piece::Text(text) => {
                    for (index, part) in text.split('/').enumerate() {
                        if index > 0 {
                            segments.push(Self::default());
                        }
                        last(&mut segments).push(Piece::Text(part.to_owned()));
                    }
                }
            }
        }
        segments
    }
}

fn last(segments: &mut Vec<Template>) -> &mut Template {
    if segments.is_empty() {
        segments.push(Template::default());
    }
    let end = segments.len() - 1;
    &mut segments[end]
}

/// For people: `/metrics`, `<__meta_kubernetes_pod_annotation_x>:8080`; without the password that an address may hold.
impl std::fmt::Display for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Taken {
                labels,
                whole: true,
            } => format!("<{}>", labels.join(", ")),
            Piece::Taken { labels, .. } => format!("<from {}>", labels.join(", ")),
        });
        let shown: String = pieces.collect();
        match shown.rsplit_once('@') {
            Some((user, host)) if user.contains(':') => {
                let user = user.split(':').next().unwrap_or_default();
                write!(f, "{user}:<password>@{host}")
            }
            _ => f.write_str(&shown),
        }
    }
}
