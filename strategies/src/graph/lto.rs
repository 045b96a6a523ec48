//! The link-time optimisation of each unit, as Cargo decides it.
//!
//! A unit's own profile does not say: a library must contain bitcode, object code or both,
//! depending on who links it. Cargo hashes the result into the unit and prints it nowhere, so
//! the rule is repeated here (`cargo/core/compiler/lto.rs`, the same in 1.95 to 1.99).

use super::{Mode, Unit, UnitIndex};

/// What a unit takes part in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Lto {
    /// It is optimised when it is linked, in this way.
    Run(String),
    /// Switched off, local optimisation too.
    Off,
    /// Those who link it need bitcode only.
    OnlyBitcode,
    /// Some need bitcode, some object code.
    ObjectAndBitcode,
    /// Nobody needs bitcode.
    #[default]
    OnlyObject,
}

impl Lto {
    /// A stable name.
    pub fn text(&self) -> String {
        match self {
            Lto::Run(how) => format!("run {how}"),
            Lto::Off => "off".to_owned(),
            Lto::OnlyBitcode => "bitcode".to_owned(),
            Lto::ObjectAndBitcode => "object and bitcode".to_owned(),
            Lto::OnlyObject => "object".to_owned(),
        }
    }
}

/// Decides for every unit that a root depends on.
pub(super) fn decide(units: &[Unit], roots: &[UnitIndex]) -> Vec<Lto> {
    let mut decided: Vec<Option<Lto>> = vec![None; units.len()];
    for &root in roots {
        let unit = &units[root];
        let parent = match unit.profile.lto.as_str() {
            "false" => Lto::OnlyObject,
            "off" => Lto::Off,
            _ if is_for_host(unit) => Lto::OnlyObject,
            _ if needs_object(&unit.target.crate_types) => when_object_is_needed(&unit.target.crate_types),
            _ => Lto::OnlyBitcode,
        };
        // Without recursion: deep graphs must not overflow the stack. What is decided for a unit
        // only ever asks for more, so the order in which its dependents are looked at is no matter.
        let mut open = vec![(root, parent)];
        while let Some((index, parent)) = open.pop() {
            let unit = &units[index];
            let own = own(unit, parent);
            let merged = match &decided[index] {
                None => own,
                Some(before) => merge(own, before),
            };
            if decided[index].as_ref() != Some(&merged) {
                open.extend(unit.dependencies.iter().map(|edge| (edge.index, merged.clone())));
                decided[index] = Some(merged);
            }
        }
    }
    decided.into_iter().map(Option::unwrap_or_default).collect()
}

fn own(unit: &Unit, parent: Lto) -> Lto {
    let bin = ["bin".to_owned()];
    let crate_types = if unit.mode == Mode::Test { &bin[..] } else { &unit.target.crate_types };
    if is_for_host(unit) {
        Lto::OnlyObject
    } else if crate_types.iter().all(|it| runs_lto(it)) {
        match unit.profile.lto.as_str() {
            "off" => Lto::Off,
            "false" => Lto::OnlyObject,
            how => Lto::Run(how.to_owned()),
        }
    } else {
        match (&parent, needs_object(crate_types)) {
            (Lto::Run(_), false) => Lto::OnlyBitcode,
            (Lto::Run(_) | Lto::OnlyBitcode, true) => when_object_is_needed(crate_types),
            _ => parent,
        }
    }
}

fn merge(own: Lto, before: &Lto) -> Lto {
    match (&own, before) {
        (Lto::Run(_), _) => own,
        (_, Lto::Run(_)) => before.clone(),
        (Lto::Off, _) | (_, Lto::Off) => Lto::Off,
        _ if own == *before => own,
        _ => Lto::ObjectAndBitcode,
    }
}

fn is_for_host(unit: &Unit) -> bool {
    unit.target.is_build_script() || unit.target.is_proc_macro()
}

fn runs_lto(crate_type: &str) -> bool {
    matches!(crate_type, "bin" | "staticlib" | "cdylib")
}

fn needs_object(crate_types: &[String]) -> bool {
    crate_types.iter().any(|it| runs_lto(it) || matches!(it.as_str(), "dylib" | "proc-macro"))
}

fn when_object_is_needed(crate_types: &[String]) -> Lto {
    match crate_types.iter().all(|it| it == "dylib") {
        true => Lto::OnlyObject,
        false => Lto::ObjectAndBitcode,
    }
}

#[cfg(test)]
mod tests {
    use crate::graph::Graph;
    use crate::graph::parse::tests::graph_json;

    fn decided(lto: &str, units: &[(&str, &str, &str, &[usize])]) -> Vec<String> {
        let json = graph_json(units).replace("\"opt_level\"", &format!("\"lto\":\"{lto}\",\"opt_level\""));
        Graph::parse(&json).unwrap().units.iter().map(|unit| unit.lto.text()).collect()
    }

    #[test]
    fn a_library_has_what_those_who_link_it_need() {
        let bin: &[(&str, &str, &str, &[usize])] = &[
            ("registry+x#a@1.0.0", "lib", "build", &[]),
            ("registry+x#m@1.0.0", "proc-macro", "build", &[0]),
            ("path+file:///w#0.1.0", "bin", "build", &[0]),
        ];
        assert_eq!(decided("false", bin), ["object", "object", "object"]);
        assert_eq!(decided("off", bin)[0], "off");
        assert_eq!(decided("fat", bin)[0], "bitcode");
        assert_eq!(decided("fat", bin)[2], "run fat");
        let both: &[(&str, &str, &str, &[usize])] = &[
            ("registry+x#a@1.0.0", "lib", "build", &[]),
            ("registry+x#m@1.0.0", "proc-macro", "build", &[0]),
            ("path+file:///w#0.1.0", "bin", "build", &[0, 1]),
        ];
        assert_eq!(decided("true", both)[0], "object and bitcode");
    }
}
