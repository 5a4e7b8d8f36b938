//! From an instance to the plan of taking it away: everything that is its own, and of the texts of others its jobs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::{Prepared, head};
use crate::access::Grants;
use crate::cluster::{Cluster, Owned};
use crate::error::Result;
use crate::object::{Kind, ObjectRef};
use crate::plan::{
    Action, Consent, Existing, ExistingFile, FileKind, Head, Plan, Stage, Surplus, SurplusFile,
    plan,
};
use crate::promfile;
use crate::render::{Desired, DesiredEdit, DesiredList, EditPlace, FILES, JOBS};
use crate::spec::{
    Alerts, AlloyPlace, Consumer, FilePlace, Form, KeyPlace, Spec, TokenPlace, beside_file,
};
use crate::splice;
use crate::token::{Claims, Token};
use crate::yaml::Step;

/// Reads the cluster and the files, and plans a removal; with `with_namespace` also of the Namespace.
///
/// # Errors
/// What cannot be read.
pub async fn prepare_removal(
    spec: &Spec,
    cluster: &Cluster,
    with_namespace: bool,
    applying: bool,
) -> Result<Prepared> {
    let form = Form::of(spec, true);
    let namespace = &spec.names.namespace;
    let (owned, content) = tokio::join!(cluster.read_owned(spec), async {
        if with_namespace {
            Some(cluster.content(namespace).await)
        } else {
            None
        }
    });
    let owned = owned?;
    let files = Files::read(spec, &form)?;
    let edits = edits(spec, &form, &owned, &files)?;
    let user = owned.user.as_deref().or(cluster.user());
    let head = Head {
        context: cluster.context().to_owned(),
        server: cluster.server().to_owned(),
        identity: user.unwrap_or("an unknown user").to_owned(),
        format: String::new(),
        jobs: Vec::new(),
        applying,
        removing: true,
        ..head(spec, &form)
    };
    let desired = Desired {
        objects: Vec::new(),
        files: Vec::new(),
        edits,
        output: None,
        grants: Grants::default(),
        warnings: owned.warnings,
    };
    let existing = Existing {
        surplus: surplus(spec, &form, &owned.objects, with_namespace),
        surplus_files: files.own,
        surplus_folder: files.folder,
        content: content.unwrap_or_default(),
        names_key: names_key(&form, &owned.prometheuses),
        files: files.texts,
        objects: owned.objects,
        ..Existing::default()
    };
    let namespace = ObjectRef::cluster(Kind::Namespace, namespace);
    let is_going = existing
        .objects
        .get(&namespace)
        .is_some_and(|live| !live["metadata"]["deletionTimestamp"].is_null());
    let consent = Consent {
        names: &spec.names,
        take_ownership: false,
        token_owner: None,
        backup: spec.backup,
        removing: true,
        user: &head.identity,
        held: &BTreeMap::new(),
    };
    let mut plan = plan(&desired, &existing, &consent);
    plan.changes.sort_by_key(|change| change.stage);
    if is_going && !with_namespace {
        plan.warnings
            .push(format!("{namespace} is being deleted already"));
    }
    plan.remaining.extend(unnamed(&plan, &form));
    Ok(Prepared {
        plan,
        head,
        grants: Grants::default(),
        output: None,
        rules: None,
        manifests: String::new(),
        handle: String::new(),
        decision: None,
        service_account: spec.names.service_account(),
    })
}

/// A hint where a token is revoked and nothing was found that reads it.
fn unnamed(plan: &Plan, form: &Form) -> Option<String> {
    let is_named = matches!(form, Form::Files { .. } | Form::Key { .. });
    let goes = |stage: Stage| {
        let mut changes = plan.changes.iter();
        changes.any(|change| change.stage == stage && change.action == Action::Delete)
    };
    (!is_named && goes(Stage::Revocation) && !goes(Stage::Configuration)).then(|| {
        "no configuration of this instance was found; if its jobs are in a file or key, name that too, or they stay there with a token that is revoked: --config, --drop-in, --additional-scrape-configs, --configmap".to_owned()
    })
}

/// Every object, with the stage in which it goes. What holds rights goes first; what names something goes before what it
/// names.
fn surplus(
    spec: &Spec,
    form: &Form,
    objects: &BTreeMap<ObjectRef, Value>,
    with_namespace: bool,
) -> Vec<Surplus> {
    let handles = spec.names.handles();
    let is_edited = |object: &ObjectRef| match form {
        Form::Key { place, .. } => place.at.object == *object,
        _ => false,
    };
    let going = objects.keys().filter(|object| !is_edited(object));
    going
        .filter_map(|object| {
            let (stage, why) = match object.kind {
                Kind::Namespace if !with_namespace || object.name != spec.names.namespace => {
                    return None;
                }
                Kind::Namespace => (Stage::Enclosure, ""),
                Kind::Secret if handles.contains(&object.name) => {
                    (Stage::Revocation, "revokes its token")
                }
                Kind::ClusterRoleBinding | Kind::RoleBinding => (Stage::Unbinding, ""),
                Kind::ClusterRole | Kind::Role | Kind::ServiceAccount => (Stage::Dismissal, ""),
                Kind::Secret if object.name == spec.names.token_secret() => (Stage::Cleanup, ""),
                _ => (Stage::Configuration, ""),
            };
            Some(Surplus {
                object: object.clone(),
                why: why.to_owned(),
                stage,
            })
        })
        .collect()
}

/// The files of an instance, and those that its jobs are in.
#[derive(Default)]
struct Files {
    texts: BTreeMap<PathBuf, ExistingFile>,
    /// Those that are the instance's own, the token last: by it an interrupted run knows the others.
    own: Vec<SurplusFile>,
    folder: Option<(PathBuf, Vec<PathBuf>)>,
}

impl Files {
    fn read(spec: &Spec, form: &Form) -> Result<Self> {
        let mut files = Self::default();
        match form {
            Form::Files { place, .. } => {
                if let FilePlace::DropIn { file, .. } = place {
                    files.own(file.clone(), FileKind::Configuration)?;
                }
                if let Some(main) = place.main() {
                    files.text(main.to_owned())?;
                }
            }
            Form::Alloy {
                place: AlloyPlace::File(file),
                ..
            } => files.own(file.clone(), FileKind::Configuration)?,
            _ => {}
        }
        if let Some(Alerts::File(file)) = &spec.alerts {
            files.own(file.clone(), FileKind::Configuration)?;
        }
        if let TokenPlace::File(token) = form.token_place() {
            files.credentials(spec, form, token)?;
        }
        Ok(files)
    }

    /// Token and CA, and their folder where monconf gave it its name. One of another name may have been there before.
    fn credentials(&mut self, spec: &Spec, form: &Form, token: PathBuf) -> Result<()> {
        let Some(folder) = token.parent().map(PathBuf::from) else {
            return Ok(());
        };
        self.text(token.clone())?;
        let text = self.texts.get(&token).map(|file| file.text.to_string());
        let claims = text.and_then(|text| Claims::of(&Token::new(text)));
        if claims.is_some_and(|claims| claims.service_account == spec.names.account()) {
            self.own(folder.join("ca.crt"), FileKind::Ca)?;
        }
        self.own(token, FileKind::Token)?;
        if default_folder(spec, form).as_ref() == Some(&folder)
            && let Some(entries) = promfile::entries(&folder)?
        {
            self.folder = Some((folder, entries));
        }
        Ok(())
    }

    fn own(&mut self, path: PathBuf, kind: FileKind) -> Result<()> {
        self.text(path.clone())?;
        self.own.push(SurplusFile { path, kind });
        Ok(())
    }

    fn text(&mut self, path: PathBuf) -> Result<()> {
        if let Some(file) = promfile::read(&path)? {
            self.texts.insert(path, file);
        }
        Ok(())
    }
}

/// The folder of the token where none is named.
fn default_folder(spec: &Spec, form: &Form) -> Option<PathBuf> {
    match form {
        Form::Files { place, .. } => beside_file(place, &spec.names).ok(),
        Form::Alloy {
            place: AlloyPlace::File(file),
            ..
        } => {
            let main = FilePlace::Main {
                file: file.clone(),
                config: None,
            };
            beside_file(&main, &spec.names).ok()
        }
        _ => None,
    }
}

/// The texts of others that hold something of ours.
fn edits(spec: &Spec, form: &Form, owned: &Owned, files: &Files) -> Result<Vec<DesiredEdit>> {
    let list = |name: &str| vec![Step::Key(name.to_owned())];
    let holds_ours = |text: &str| splice::holds(text, &spec.names.instance);
    let (place, text, lists, config, token_file) = match form {
        Form::Files { place, token_dir } => {
            let Some(main) = place.main() else {
                return Ok(Vec::new());
            };
            let config = match place {
                FilePlace::Main { config, .. } => config.clone(),
                FilePlace::DropIn { .. } => None,
            };
            let text = files.texts.get(main).map(|file| file.text.to_string());
            let mut lists = vec![list(JOBS)];
            if spec.names.consumer != Consumer::GrafanaAgent {
                lists.push(list(FILES));
            }
            let token = token_dir.join("token").display().to_string();
            (EditPlace::File(main.to_owned()), text, lists, config, token)
        }
        Form::Key { place, mount_dir } => {
            let text = text_of(place, &owned.objects);
            let steps = match place.at.object.kind {
                Kind::Secret => Vec::new(),
                _ => list(JOBS),
            };
            let config = place.config.clone();
            let token = format!("{mount_dir}/token");
            (
                EditPlace::Key(place.clone()),
                text,
                vec![steps],
                config,
                token,
            )
        }
        _ => return Ok(Vec::new()),
    };
    if !text.as_deref().is_some_and(holds_ours) {
        return Ok(Vec::new());
    }
    let may_be_agents = match &place {
        EditPlace::File(_) => spec.names.consumer == Consumer::GrafanaAgent,
        EditPlace::Key(place) => place.at.object.kind == Kind::ConfigMap,
    };
    let lists = lists.into_iter().map(|steps| DesiredList {
        steps,
        entries: Vec::new(),
    });
    Ok(vec![DesiredEdit {
        place,
        lists: lists.collect(),
        config,
        may_be_agents,
        jobs: Vec::new(),
        token_file,
        interval: String::new(),
    }])
}

/// The text of a key, as far as it is one.
fn text_of(place: &KeyPlace, objects: &BTreeMap<ObjectRef, Value>) -> Option<String> {
    let live = objects.get(&place.at.object)?;
    let value = live["data"][&place.at.key].as_str()?;
    match place.at.object.kind {
        Kind::Secret => crate::object::decoded(value),
        _ => Some(value.to_owned()),
    }
}

/// The Prometheus objects that name the key of a Secret that jobs are in, and need it.
fn names_key(form: &Form, prometheuses: &[Value]) -> Vec<String> {
    let Form::Key { place, .. } = form else {
        return Vec::new();
    };
    let names = |prometheus: &&Value| {
        let reference = &prometheus["spec"]["additionalScrapeConfigs"];
        prometheus["metadata"]["namespace"] == place.namespace()
            && reference["name"] == place.at.object.name
            && reference["key"] == place.at.key
            && reference["optional"] != true
    };
    let naming = prometheuses.iter().filter(names);
    naming
        .filter_map(|prometheus| prometheus["metadata"]["name"].as_str())
        .map(|name| format!("Prometheus {}/{name}", place.namespace()))
        .collect()
}
