//! The files of an instance that is to go, and those of others that its jobs are in.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::error::Result;
use crate::plan::{FileKind, SurplusFile};
use crate::promfile;
use crate::promfile::ExistingFile;
use crate::render::Stage;
use crate::spec::{Alerts, AlloyPlace, FilePlace, Form, Spec, TokenPlace, beside_file};

/// The files of an instance, and those that its jobs are in.
#[derive(Default)]
pub(super) struct Files {
    pub(super) texts: BTreeMap<PathBuf, ExistingFile>,
    /// Those that may be the instance's own, the CA last: by its mark an interrupted run knows the token.
    pub(super) own: Vec<SurplusFile>,
    pub(super) folder: Option<(PathBuf, Vec<PathBuf>)>,
    /// What killed runs have left beside them, and when it goes.
    pub(super) drafts: Vec<(PathBuf, Stage)>,
    /// The paths that they have without links, where they are called by others.
    pub(super) resolved: BTreeMap<PathBuf, PathBuf>,
}

impl Files {
    pub(super) fn read(spec: &Spec, form: &Form) -> Result<Self> {
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
        self.own(token, FileKind::Token)?;
        self.own(folder.join("ca.crt"), FileKind::Ca)?;
        if default_folder(spec, form).as_ref() == Some(&folder)
            && let Some(entries) = promfile::entries(&folder)?
        {
            self.folder = Some((folder, entries));
        }
        Ok(())
    }

    fn own(&mut self, path: PathBuf, kind: FileKind) -> Result<()> {
        self.text(path.clone())?;
        let owner = self.texts.get(&path).map(|file| file.owner.0);
        let stage = match kind {
            FileKind::Configuration => Stage::Configuration,
            FileKind::Token | FileKind::Ca => Stage::Cleanup,
        };
        let drafts = promfile::left_drafts(&path, owner).into_iter();
        self.drafts.extend(drafts.map(|draft| (draft, stage)));
        let is_link = kind != FileKind::Configuration && path.is_symlink();
        self.own.push(SurplusFile {
            path,
            kind,
            is_link,
        });
        Ok(())
    }

    fn text(&mut self, path: PathBuf) -> Result<()> {
        if let Some(target) = promfile::resolved(&path) {
            self.resolved.insert(path.clone(), target);
        }
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
