//! How the overview looks: a table, and below it what there is to say about single rows.

use jiff::Timestamp;

use super::color::{BOLD, DIM, GREEN, Paint, RED, YELLOW};
use crate::mask::{scrub, scrub_line};
use crate::status::{Drift, Overview, Place, Row, State};
use crate::token::rounded;

const COLUMNS: [&str; 11] = [
    "CONSUMER",
    "INSTANCE",
    "ACCOUNT",
    "TOKEN",
    "ISSUED",
    "EXPIRES",
    "GRANTED",
    "ROTATION DUE",
    "LAST USED",
    "DRIFT",
    "SURPLUS",
];
const TOKEN: usize = 3;

/// The overview as text.
pub(super) fn text(overview: &Overview, paint: Paint) -> String {
    let mut out = head(overview);
    if overview.rows.is_empty() {
        out.push_str("\nNo instance of monconf is here.\n");
        return out;
    }
    out.push('\n');
    let rows: Vec<[String; 11]> = overview
        .rows
        .iter()
        .map(|row| cells(row, overview.now).map(|cell| scrub_line(&cell)))
        .collect();
    let titles = COLUMNS.map(str::to_owned);
    let widths: Vec<usize> = (0..COLUMNS.len())
        .map(|column| {
            let all = rows.iter().chain([&titles]);
            let widths = all.map(|row| row[column].chars().count());
            widths.max().unwrap_or(0)
        })
        .collect();
    out.push_str(&paint.with(BOLD, &line(&titles, &widths, |_, cell| cell)));
    out.push('\n');
    for (row, cells) in overview.rows.iter().zip(&rows) {
        let color = color(row.token.state);
        let paint_cell = |column: usize, cell: String| {
            if column == TOKEN {
                paint.with(color, &cell)
            } else {
                cell
            }
        };
        out.push_str(&line(cells, &widths, paint_cell));
        out.push('\n');
    }
    out.push_str(&remarks(overview, paint));
    out.push('\n');
    out.push_str(&paint.with(BOLD, &summary(overview)));
    out.push('\n');
    out
}

fn head(overview: &Overview) -> String {
    let place = match &overview.only {
        Some(namespace) => format!(", namespace {namespace} only"),
        None => String::new(),
    };
    scrub(&format!(
        "Cluster {} ({}) as {}{place}, {} UTC\n",
        overview.context,
        overview.server,
        overview.identity,
        minute(overview.now)
    ))
}

fn cells(row: &Row, now: Timestamp) -> [String; 11] {
    let life = row.token.life;
    let unknown = || "-".to_owned();
    let or_unknown = |text: Option<String>| text.unwrap_or_else(unknown);
    let instance = if row.instance.is_empty() {
        unknown()
    } else {
        format!("{}/{}", row.namespace, row.instance)
    };
    let granted = life.map(|life| match life.requested {
        Some(requested) => format!("{} of {requested}", life.granted()),
        None => life.granted().to_string(),
    });
    [
        or_unknown(row.consumer.map(|consumer| consumer.name().to_owned())),
        instance,
        if row.service_account.is_empty() {
            unknown()
        } else {
            row.service_account.clone()
        },
        row.token.state.name().to_owned(),
        or_unknown(life.map(|life| minute(life.issued_at))),
        or_unknown(life.map(|life| away(life.expires_at, now))),
        or_unknown(granted),
        or_unknown(life.map(|life| minute(life.due_at()))),
        or_unknown(row.last_used().map(str::to_owned)),
        row.drift.as_ref().map_or("unknown".to_owned(), drift),
        row.surplus
            .as_ref()
            .map_or("unknown".to_owned(), |rights| match rights.len() {
                0 => "none".to_owned(),
                1 => "1 right".to_owned(),
                count => format!("{count} rights"),
            }),
    ]
}

/// `2026-11-28 18:50`.
fn minute(time: Timestamp) -> String {
    time.strftime("%F %H:%M").to_string()
}

/// `2026-11-28 18:50 (23h)`.
fn away(time: Timestamp, now: Timestamp) -> String {
    let left = time.duration_since(now);
    let words = if left.is_positive() {
        format!("in {}", rounded(left))
    } else {
        format!("{} ago", rounded(left.abs()))
    };
    format!("{} ({words})", minute(time))
}

fn drift(drift: &Drift) -> String {
    match drift {
        Drift::Blocked(_) => "blocked".to_owned(),
        Drift::Pending {
            create,
            change,
            delete,
        } => {
            let counts = [
                (*create, "to create"),
                (*change, "to change"),
                (*delete, "to delete"),
            ];
            let words: Vec<String> = counts
                .into_iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, what)| format!("{count} {what}"))
                .collect();
            if words.is_empty() {
                "none".to_owned()
            } else {
                words.join(", ")
            }
        }
    }
}

const fn color(state: State) -> &'static str {
    match state {
        State::Ok | State::Pod => GREEN,
        State::Due => YELLOW,
        State::Unknown => DIM,
        _ => RED,
    }
}

fn line(cells: &[String; 11], widths: &[usize], paint: impl Fn(usize, String) -> String) -> String {
    let padded: Vec<String> = cells
        .iter()
        .enumerate()
        .map(|(column, cell)| {
            // The last one ends the line.
            let width = if column + 1 == cells.len() {
                0
            } else {
                widths[column]
            };
            paint(column, format!("{cell:width$}"))
        })
        .collect();
    padded.join("  ")
}

fn remarks(overview: &Overview, paint: Paint) -> String {
    let mut out = String::new();
    for row in &overview.rows {
        let mut lines: Vec<(&str, String)> = Vec::new();
        if let Place::File(path) = &row.place {
            lines.push((DIM, format!("token in {}", path.display())));
        }
        if let Some(reason) = &row.token.reason {
            let color = color(row.token.state);
            lines.push((color, format!("{}: {reason}", row.token.state.name())));
        }
        lines.extend(row.faults.iter().map(|fault| (RED, fault.clone())));
        match (&row.drift, row.consumer) {
            (Some(Drift::Blocked(why)), _) => lines.push((RED, why.clone())),
            (Some(drift), Some(consumer)) if drift.is_some() => lines.push((
                YELLOW,
                format!(
                    "differs from these settings: `monconf {}` with the same flags shows how",
                    consumer.name()
                ),
            )),
            _ => {}
        }
        let surplus = row.surplus.iter().flatten();
        lines.extend(surplus.map(|right| (YELLOW, format!("superfluous: {right}"))));
        lines.extend(row.remarks.iter().map(|remark| (DIM, remark.clone())));
        if lines.is_empty() {
            continue;
        }
        let name = match (row.instance.as_str(), row.account()) {
            ("", account) if account.is_empty() => "token file".to_owned(),
            ("", account) => format!("ServiceAccount {account}"),
            (instance, _) => format!("{}/{instance}", row.namespace),
        };
        out.extend(["\n", &scrub_line(&name), "\n"]);
        for (color, line) in lines {
            out.push_str(&paint.with(color, &format!("  {}", scrub_line(&line))));
            out.push('\n');
        }
    }
    out
}

fn summary(overview: &Overview) -> String {
    let due = overview.rows.iter().filter(|row| row.is_due()).count();
    match (due, overview.rows.len()) {
        (0, _) => "Nothing is due.".to_owned(),
        (due, all) => format!("{due} of {all} need attention."),
    }
}
