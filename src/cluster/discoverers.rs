//! Whether those who discover for us may do so.

use super::{Answers, Question};
use crate::access::Need;
use crate::client::{Cluster, Failure};
use crate::rbac::bindings::Identity;
use crate::render::Discoverer;

impl Cluster {
    /// What a discoverer needs and may not do, as the API server's authorizers decide; or why they do not answer.
    ///
    /// # Errors
    /// Where the API server cannot be asked.
    pub async fn lacking(
        &self,
        discoverer: &Discoverer,
    ) -> Result<Result<Vec<Need>, String>, Box<Failure>> {
        let identity =
            Identity::service_account(&discoverer.namespace, &discoverer.service_account);
        let questions = discoverer.needs.iter().map(|need| Question {
            identity: identity.clone(),
            right: need.right.clone(),
            scope: need.scope.clone(),
        });
        let questions: Vec<Question> = questions.collect();
        let allowed = match self.ask(&questions).await? {
            Answers::Known(allowed) => allowed,
            Answers::NotForUs(why) => return Ok(Err(why)),
        };
        let needs = discoverer.needs.iter().zip(allowed);
        Ok(Ok(needs
            .filter(|(_, allowed)| !allowed)
            .map(|(need, _)| need.clone())
            .collect()))
    }
}
