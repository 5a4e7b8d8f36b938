//! What the API server's authorizers say to each need.

use super::not_for_us;
use crate::client::Cluster;
use crate::cluster::{Answers, Question};
use crate::error::Result;
use crate::preflight::{Caller, Preflight};
use crate::rbac::bindings::{Identity, Subject};

/// The same with an answer to each question, and with who asks where nobody else is meant.
pub(super) async fn answered(mut preflight: Preflight, cluster: &Cluster) -> Result<Preflight> {
    let questions = preflight.questions();
    let other = preflight
        .caller
        .as_ref()
        .and_then(|caller| caller.other.clone());
    let allowed = if let Some(identity) = other {
        let asked: Vec<Question> = questions
            .iter()
            .map(|(right, scope)| Question {
                identity: identity.clone(),
                right: right.clone(),
                scope: scope.clone(),
            })
            .collect();
        match cluster.ask(&asked).await? {
            Answers::Known(allowed) => allowed,
            Answers::NotForUs(why) => return Err(not_for_us(&why)),
        }
    } else {
        let (user, allowed) = tokio::join!(cluster.who_am_i(), cluster.may_i_each(&questions));
        let user = user.or(cluster.user().map(str::to_owned));
        preflight.caller = Some(Caller {
            user: user.unwrap_or_else(|| "an unknown user".to_owned()),
            other: None,
        });
        allowed?
    };
    preflight.answers = Some(questions.into_iter().zip(allowed).collect());
    preflight.cluster = Some((cluster.context().to_owned(), cluster.server().to_owned()));
    Ok(preflight)
}

/// Who that is to the authorizers: a ServiceAccount is in its own groups too.
pub(super) fn identity(user: &str, groups: &[String]) -> Identity {
    let mut identity = Identity::of(&Subject::user(user));
    for group in groups {
        if !identity.groups.contains(group) {
            identity.groups.push(group.clone());
        }
    }
    identity
}
