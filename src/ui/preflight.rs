//! How a preflight looks: what is missing first, each right with what it is for.

use super::color::{BOLD, GREEN, Paint, RED, YELLOW};
use crate::mask::{scrub, scrub_line};
use crate::preflight::{Admission, Demand, Granting, Level, Preflight, Weight};
use crate::rbac::Scope;

/// A preflight as text.
pub(super) fn text(preflight: &Preflight, paint: Paint) -> String {
    let mut out = scrub(&head(preflight));
    let groups: [(&str, &str, &str, Vec<&Demand>); 4] = [
        (
            "missing: it fails without",
            "-",
            RED,
            of(preflight, Some(false), true),
        ),
        (
            "missing, and not indispensable",
            "!",
            YELLOW,
            of(preflight, Some(false), false),
        ),
        ("held", "+", GREEN, of_any(preflight, Some(true))),
        ("needed", " ", "", of_any(preflight, None)),
    ];
    for (title, sign, color, demands) in groups {
        if demands.is_empty() {
            continue;
        }
        out.push_str(&paint.with(BOLD, &format!("\n{title}\n")));
        out.push_str(&table(&demands, sign, color, paint));
    }
    for granting in &preflight.demands.grantings {
        out.push_str(&granted(granting, preflight, paint));
    }
    for admission in &preflight.admissions {
        out.push_str(&admitted(admission, paint));
    }
    for note in &preflight.demands.notes {
        out.push_str(&scrub(&format!("\nnote: {note}\n")));
    }
    out.push_str(&paint.with(BOLD, &format!("\n{}\n", sum(preflight))));
    out
}

fn head(preflight: &Preflight) -> String {
    let who = preflight.caller.as_ref().map(|caller| caller.user.as_str());
    match (&preflight.cluster, who) {
        (Some((context, server)), Some(who)) => {
            format!(
                "Cluster {context} ({server}): {} as {who}\n",
                preflight.command
            )
        }
        (None, Some(who)) => format!(
            "No cluster asked (offline): {} as {who}\n",
            preflight.command
        ),
        _ => format!("No cluster asked (offline): {}\n", preflight.command),
    }
}

fn of(preflight: &Preflight, held: Option<bool>, required: bool) -> Vec<&Demand> {
    let mut demands = of_any(preflight, held);
    demands.retain(|demand| demand.is_required() == required);
    demands
}

fn of_any(preflight: &Preflight, held: Option<bool>) -> Vec<&Demand> {
    let rights = preflight.demands.rights.iter();
    rights
        .filter(|demand| preflight.meets(demand) == held)
        .collect()
}

/// A row for each object: the verbs on it that are for the same stand together.
fn table(demands: &[&Demand], sign: &str, color: &str, paint: Paint) -> String {
    let mut rows: Vec<(Vec<&str>, [String; 3])> = Vec::new();
    for demand in demands {
        let right = demand.right.to_string();
        let (_, object) = right.split_once(' ').unwrap_or_default();
        let cells = [object.to_owned(), place(&demand.scope), wherefore(demand)]
            .map(|cell| scrub_line(&cell));
        let verb = demand.right.verb();
        match rows.iter_mut().find(|(_, known)| *known == cells) {
            Some((verbs, _)) => verbs.push(verb),
            None => rows.push((vec![verb], cells)),
        }
    }
    let rows: Vec<[String; 4]> = rows
        .into_iter()
        .map(|(verbs, [object, place, what])| [verbs.join(","), object, place, what])
        .collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let (first, second, third) = (width(0), width(1), width(2));
    let lines = rows.iter().map(|[verbs, object, place, what]| {
        let line = format!("  {sign} {verbs:first$}  {object:second$}  {place:third$}  {what}");
        let line = line.trim_end();
        if color.is_empty() {
            format!("{line}\n")
        } else {
            paint.with(color, line) + "\n"
        }
    });
    lines.collect()
}

fn place(scope: &Scope) -> String {
    match scope {
        Scope::Cluster => String::new(),
        Scope::Namespace(namespace) => format!("in {namespace}"),
    }
}

fn wherefore(demand: &Demand) -> String {
    match &demand.weight {
        Weight::Required => demand.what.clone(),
        Weight::Perhaps(when) => format!("{} ({when})", demand.what),
        Weight::Optional(lost) => format!("{} (without it: {lost})", demand.what),
    }
}

/// The role, what of it is lacking, and the way around.
fn granted(granting: &Granting, preflight: &Preflight, paint: Paint) -> String {
    let does = match (granting.is_written, granting.is_bound) {
        (true, true) => "is written and bound",
        (true, false) => "is written",
        _ => "is bound",
    };
    let ways: Vec<String> = granting
        .ways_around()
        .iter()
        .map(|(right, _)| right.to_string())
        .collect();
    let ways = ways.join(" and ");
    let title = format!(
        "\n{} {does}, which takes holding what it grants{}\n",
        granting.role,
        when(granting)
    );
    let mut out = paint.with(BOLD, &scrub(&title));
    let Some(rights) = &granting.rights else {
        let line = format!("    its rights are not known; {ways} suffices\n");
        out.push_str(&scrub(&line));
        return out;
    };
    let lacking = preflight.lacking(granting);
    let is_asked = preflight.answers.is_some();
    let names = |rights: &[&crate::rbac::Right]| {
        let names: Vec<String> = rights.iter().map(ToString::to_string).collect();
        names.join("; ")
    };
    if lacking.is_empty() && is_asked {
        out.push_str(&paint.with(GREEN, "  + held, or allowed all the same\n"));
        return out;
    }
    let all: Vec<&crate::rbac::Right> = rights.iter().collect();
    let line = if is_asked {
        let (sign, color) = match granting.when {
            None => ("-", RED),
            Some(_) => ("!", YELLOW),
        };
        let line = format!("  {sign} missing: {}", names(&lacking));
        paint.with(color, &scrub_line(&line))
    } else {
        scrub_line(&format!("    {}", names(&all)))
    };
    out.push_str(&line);
    out.push_str(&scrub(&format!(
        "\n    or, instead of holding them: {ways}\n"
    )));
    out
}

fn when(granting: &Granting) -> String {
    let when = granting.when.as_ref();
    when.map_or_else(String::new, |when| format!(" ({when})"))
}

fn admitted(admission: &Admission, paint: Paint) -> String {
    let level = admission.level.map_or("not known", Level::name);
    let title = format!("\n{}: Pod Security {level}\n", admission.workload);
    let mut out = paint.with(BOLD, &scrub(&title));
    if let Some(why) = &admission.unknown {
        let line = scrub_line(&format!("  ! not known: {why}"));
        out.push_str(&paint.with(YELLOW, &line));
        out.push('\n');
    } else if admission.refused.is_empty() {
        out.push_str(&paint.with(GREEN, "  + its Pods are admitted\n"));
    }
    for refused in &admission.refused {
        out.push_str(&paint.with(RED, &scrub_line(&format!("  - {refused}"))));
        out.push('\n');
    }
    out
}

fn sum(preflight: &Preflight) -> String {
    let rights = &preflight.demands.rights;
    let required = rights.iter().filter(|demand| demand.is_required()).count();
    let optional = rights.len() - required;
    if preflight.answers.is_none() {
        let needed = match required {
            1 => "1 right is needed".to_owned(),
            _ => format!("{required} rights are needed"),
        };
        return match optional {
            1 => format!("{needed}, 1 more is of use."),
            _ => format!("{needed}, {optional} more are of use."),
        };
    }
    match preflight.count_missing() {
        0 if required == 1 => "The one right that is needed is there.".to_owned(),
        0 => format!("Nothing is missing of {required} rights that are needed."),
        missing => format!("{missing} missing: the command would be refused."),
    }
}
