//! Raw rows: the numbers that everything on the page was made of.

use super::PageError;
use crate::probes::ProbeRow;
use crate::simulation::Table;
use records::StepRow;
use serde::Serialize;

/// What a reader of `steps.csv` wants to see first, of its sixty columns.
const STEPS_SHOWN: &str = "round workspace scenario step strategy status wall_s plan_s restore_s cargo_s publish_s hit_rate \
                           hit_rate_by_cost compiled note";
const STEPS_CHOICES: &str = "status strategy step scenario workspace";
const PROBES_SHOWN: &str = "family probe expects strategy verdict detail attempts wall_s";
const PROBES_CHOICES: &str = "verdict strategy family expects";

/// A table of raw rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// Unique in the page: its anchor.
    pub id: String,
    /// The heading.
    pub title: String,
    /// What one row is, in a sentence.
    pub about: String,
    /// Name of the file in the run's folder with the same rows, e.g. `steps.csv`.
    pub file: String,
    /// Names of columns that show at first; of all, if none of them exists.
    pub shown: Vec<String>,
    /// Names of columns with few distinct values, to filter by.
    pub choices: Vec<String>,
    pub(super) columns: Vec<String>,
    /// A header line and all rows.
    pub(super) csv: Vec<u8>,
    /// Where the header ends, then where each row ends: rows may span lines.
    pub(super) ends: Vec<usize>,
}

impl Rows {
    /// Rows as the `csv` crate writes them; `columns` are their fields in order.
    ///
    /// # Errors
    /// When a row does not fit into CSV, such as a map.
    pub fn new<T: Serialize>(id: &str, file: &str, columns: &[&str], rows: &[T]) -> Result<Self, PageError> {
        let failed = |source| PageError::Row { file: file.to_owned(), source };
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
        let mut ends = Vec::with_capacity(rows.len() + 1);
        writer.write_record(columns).map_err(failed)?;
        writer.flush().map_err(|error| failed(error.into()))?;
        ends.push(writer.get_ref().len());
        for row in rows {
            writer.serialize(row).map_err(failed)?;
            writer.flush().map_err(|error| failed(error.into()))?;
            ends.push(writer.get_ref().len());
        }
        let csv = writer.into_inner().map_err(|error| failed(error.into_error().into()))?;
        Ok(Self {
            id: id.into(),
            title: format!("Every row of {file}"),
            about: String::new(),
            file: file.into(),
            shown: Vec::new(),
            choices: Vec::new(),
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
            csv,
            ends,
        })
    }

    /// The rows of `steps.csv`.
    pub fn of_steps(rows: &[StepRow]) -> Result<Self, PageError> {
        let mut table = Self::new("steps", records::run_folder::STEPS_FILE, StepRow::COLUMNS, rows)?;
        table.title = "Every measured step".into();
        table.about = "A row is one step of one workspace under one strategy in one round; \
            an empty field was not measured, a 0 was."
            .into();
        table.shown = owned(STEPS_SHOWN);
        table.choices = owned(STEPS_CHOICES);
        Ok(table)
    }

    /// The rows of `probes.csv`.
    pub fn of_probes(rows: &[ProbeRow]) -> Result<Self, PageError> {
        let mut table = Self::new("probes", "probes.csv", ProbeRow::COLUMNS, rows)?;
        table.title = "Every probe".into();
        table.about = "A row is one probe under one strategy.".into();
        table.shown = owned(PROBES_SHOWN);
        table.choices = owned(PROBES_CHOICES);
        Ok(table)
    }

    /// The rows of a table of a simulation.
    pub fn of_table<T: Table>(rows: &[T]) -> Result<Self, PageError> {
        let id = T::FILE.strip_suffix(".csv").unwrap_or(T::FILE);
        let mut table = Self::new(id, T::FILE, T::COLUMNS, rows)?;
        table.title = format!("Simulated: {}", T::TITLE.to_lowercase());
        table.about = "A row is a number of a simulation; reports/FORMAT.md explains its columns.".into();
        table.choices = owned("policy command soundness key")
            .into_iter()
            .filter(|name| T::COLUMNS.contains(&name.as_str()))
            .collect();
        Ok(table)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.ends.len() - 1
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn owned(names: &str) -> Vec<String> {
    names.split(' ').map(str::to_owned).collect()
}
