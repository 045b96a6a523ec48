//! `harness strategies`: what there is to compare, and how each works.

mod buildgrid;
mod install;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use strategies::external::External;
use strategies::key::Input;
use strategies::option::StrategyOption;
use strategies::{Catalog, Strategy};

use crate::cmd::common::{ExternalArgs, work_dir};
use exec::interrupt::Supervisor;
use runner::delivery::buildgrid::NAME;
use runner::integration::external::find_tool;

/// What to do with strategies.
#[derive(Debug, Subcommand)]
pub enum StrategiesCommand {
    /// List every strategy by name
    List(CatalogArgs),
    /// Explain a strategy: how it works, what it refuses, what its keys are made of
    Show {
        /// A strategy such as hardlink+aggressive or sccache, or a glob
        name: String,
        #[command(flatten)]
        from: CatalogArgs,
    },
    /// Install tools of external strategies, or the remote cache buildgrid, into the work directory, at the versions that
    /// were tried
    Install {
        /// Names such as sccache
        #[arg(required = true)]
        names: Vec<String>,
        /// Show what would be built, and build nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        from: CatalogArgs,
    },
}

/// Further strategies, and where tools are installed.
#[derive(Debug, Args)]
pub struct CatalogArgs {
    #[command(flatten)]
    external: ExternalArgs,
    /// The work directory, where tools are [default: in the user's cache directory]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
}

impl CatalogArgs {
    fn open(&self) -> Result<(Catalog, PathBuf)> {
        Ok((self.external.catalog()?, work_dir(self.work_dir.as_deref())?))
    }
}

pub fn run(command: StrategiesCommand, supervisor: &Supervisor) -> Result<ExitCode> {
    match command {
        StrategiesCommand::List(from) => {
            let (catalog, work) = from.open()?;
            list(&catalog, &work);
        }
        StrategiesCommand::Show { name, from } => {
            let (catalog, work) = from.open()?;
            for (at, (name, strategy)) in catalog.select(&name)?.into_iter().enumerate() {
                if at > 0 {
                    println!();
                }
                show(name.as_str(), &strategy, &work);
            }
        }
        StrategiesCommand::Install { names, dry_run, from } => {
            let (catalog, work) = from.open()?;
            let (servers, names): (Vec<String>, Vec<String>) = names.into_iter().partition(|name| name == NAME);
            let tools: Vec<&External> = names.iter().map(|name| installable(&catalog, name)).collect::<Result<_>>()?;
            if !dry_run {
                return install::install(&tools, !servers.is_empty(), &work, supervisor);
            }
            servers.iter().for_each(|_| buildgrid::describe(&work));
            install::describe(&tools, &work);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn installable<'a>(catalog: &'a Catalog, name: &str) -> Result<&'a External> {
    let installable = || catalog.externals().filter(|external| external.description.install.is_some());
    match installable().find(|external| external.name() == name) {
        Some(external) => Ok(external),
        None => {
            let known: Vec<&str> = installable().map(|external| external.name()).collect();
            bail!("{name} is nothing to install; there are {}, {NAME}", known.join(", "))
        }
    }
}

fn list(catalog: &Catalog, work: &Path) {
    println!("{:<28} {:<14} {:<10} store", "strategy", "key policy", "link");
    for (name, strategy) in catalog.all() {
        let [_, key, link, store] = strategy.parts();
        match strategy.as_external() {
            Some(external) => println!("{name:<28} {}", availability(external, work)),
            None => println!("{}", format!("{name:<28} {key:<14} {link:<10} {store}").trim_end()),
        }
    }
    println!("\noption");
    for option in StrategyOption::ALL {
        println!("~{:<27} {}", option.name(), option.about());
    }
    println!(
        "\nNames take globs: 'hardlink+*', '*+aggressive@dirs'; external strategies only by name or 'external:*'. \
         Options follow the name or glob of one of our own: hardlink+aggressive~incremental~skip-edits. \
         `harness strategies show NAME` explains one."
    );
}

/// Whether an external strategy can be used, in a few words.
fn availability(external: &External, work: &Path) -> String {
    let version = external.description.install.as_ref().map(|install| format!(" {}", install.version));
    let path = std::env::var_os("PATH").unwrap_or_default();
    match find_tool(work, external, &path) {
        Ok(Some(dir)) => format!("external{}, in {}", version.unwrap_or_default(), dir.display()),
        Ok(None) => "external, nothing to install".to_owned(),
        Err(why) => format!("external: {why}"),
    }
}

fn show_external(external: &External, work: &Path) {
    let description = &external.description;
    println!("\n{:<20} {}", "state", availability(external, work));
    let argv = [std::slice::from_ref(&description.program), description.args.as_slice()].concat();
    println!("{:<20} {} …", "program", argv.join(" "));
    let lines = |what: &str, lines: Vec<String>| lines.iter().for_each(|line| println!("{what:<20} {line}"));
    lines("environment", description.env.iter().map(|(name, text)| format!("{name}={text}")).collect());
    lines("configuration", description.config.clone());
    lines("flags", description.flags.clone());
    lines("before a build", description.before.iter().map(|argv| argv.join(" ")).collect());
    lines("after a build", description.after.iter().map(|argv| argv.join(" ")).collect());
    lines("daemon", description.daemon.iter().map(|daemon| daemon.start.join(" ")).collect());
    lines("store", vec![description.store.path.clone()]);
    let parameters = description.parameters.iter().map(|(name, value)| format!("{}.{name}={value}", external.name()));
    lines("--set", parameters.collect());
}

fn show(name: &str, strategy: &Strategy, work: &Path) {
    println!("{name}\n\n{}", strategy.about());
    if let Some(external) = strategy.as_external() {
        show_external(external, work);
    }
    if let Some(units) = strategy.as_units() {
        println!("\nRules that refuse a unit:");
        for (rule, _) in units.policy.rules {
            println!("  {:<20} {}", rule.name, rule.about);
        }
        println!("\nWhat the key of an admitted unit is made of:");
        for input in Input::all().filter(|input| units.options.key.has(*input)) {
            let info = input.info();
            println!("  {:<20} {}", info.name, info.about);
        }
    }
}
