//! The A/A control: the baseline run a second time under another name.
//!
//! Both arms do the very same thing, so whatever they differ by is noise: of the
//! machine, of the order, of the paths. A control that comes out faster or slower
//! says that the run cannot tell differences of that size, whatever its p-values.
//! An arm is a control by its name alone, so that a run folder needs no word for it.

/// What the name of a control ends with: `none-again` is the control of `none`.
pub const CONTROL_SUFFIX: &str = "-again";

/// The name of the control of an arm.
pub fn control_of(arm: &str) -> String {
    format!("{arm}{CONTROL_SUFFIX}")
}

/// The arm that `name` repeats, if `name` is that of a control.
pub fn repeated_by(name: &str) -> Option<&str> {
    name.strip_suffix(CONTROL_SUFFIX).filter(|arm| !arm.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_names_what_it_repeats() {
        assert_eq!(control_of("none"), "none-again");
        assert_eq!(repeated_by(&control_of("rustc:hardlink+aggressive")), Some("rustc:hardlink+aggressive"));
        assert_eq!(repeated_by("none"), None);
        assert_eq!(repeated_by("-again"), None);
    }
}
