//! A plan from what is desired and what was read.

use super::beside::beside;
use super::configuration::Configuration;
use super::existing::{Files, Former, surplus};
use super::left_behind::{LeftBehind, elsewhere};
use super::no_account;
use super::selecting::selecting;
use crate::cluster::Snapshot;
use crate::error::Result;
use crate::plan::{Blocker, Consent, Existing, Plan, plan};
use crate::promfile::FileOwner;
use crate::render::Desired;
use crate::spec::{Form, Spec};
use crate::token::Decision;

/// What should exist, and for whom.
pub(super) struct Compared<'a> {
    pub(super) spec: &'a Spec,
    pub(super) form: &'a Form,
    pub(super) desired: &'a Desired,
    pub(super) decision: &'a Decision,
    pub(super) former: Former<'a>,
    pub(super) user: &'a str,
    pub(super) token_owner: Option<FileOwner>,
}

impl Compared<'_> {
    /// Compares it with what exists.
    pub(super) fn plan(
        self,
        snapshot: Snapshot,
        behind: LeftBehind,
        configuration: Configuration,
    ) -> Result<Plan> {
        let Self {
            spec,
            form,
            desired,
            ..
        } = self;
        let consent = Consent {
            names: &spec.names,
            cluster: &snapshot.cluster,
            take_ownership: spec.take_ownership,
            token_owner: self.token_owner,
            backup: spec.backup,
            removing: false,
            user: self.user,
            held: &snapshot.held,
        };
        let by_operator = matches!(form, Form::Operator | Form::Agent { .. });
        let not_served = by_operator.then(|| snapshot.not_served(spec));
        let no_account = no_account(spec, &snapshot);
        let readers = beside(spec, form, &snapshot);
        let selecting = selecting(
            spec,
            form,
            desired,
            &snapshot.operators,
            &snapshot.namespace_labels(spec),
            &snapshot.objects,
        );
        let elsewhere = elsewhere(spec, form, &snapshot, self.decision, &self.former);
        let missing_namespaces = snapshot.missing_namespaces(spec, &desired.grants);
        let files = Files::read(desired, configuration.main)?;
        let files = files.guarded((spec, form), desired, &snapshot, self.token_owner);
        let mut objects = snapshot.objects;
        objects.extend(behind.objects);
        let (surplus, left_behind) = surplus(
            spec,
            form,
            desired,
            &objects,
            self.decision,
            &self.former,
            &behind.needed,
        );
        let existing = Existing {
            surplus,
            jobs_elsewhere: configuration.jobs_elsewhere,
            missing_namespaces,
            objects,
            ..files
        };
        let mut plan = plan(desired, &existing, &consent);
        plan.receivers = selecting.receivers;
        plan.left_behind = left_behind;
        plan.token_warnings.extend(selecting.warnings);
        plan.token_warnings.extend(snapshot.root_ca_warning);
        plan.warnings.extend(snapshot.warnings);
        plan.warnings.extend(readers.warnings);
        plan.remaining.extend(readers.remaining);
        plan.remaining.extend(elsewhere);
        plan.blockers.extend(selecting.blockers);
        plan.blockers.extend(no_account);
        if let Some(kinds) = not_served.filter(|kinds| !kinds.is_empty()) {
            plan.blockers.push(Blocker::KindNotServed { kinds });
        }
        Ok(plan)
    }
}
