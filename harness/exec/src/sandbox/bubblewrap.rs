//! The arguments that make Bubblewrap show a [`view`](super::view).

use std::ffi::OsString;
use std::path::Path;

use super::view::Mount;

/// Everything before the program: no network, own processes, no capabilities, no way to gain
/// any, and the list of what is seen.
pub fn arguments(view: &[Mount], cwd: &Path) -> Vec<OsString> {
    let mut args: Vec<OsString> =
        ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"].map(OsString::from).to_vec();
    // A terminal of ours would take input that it types.
    args.extend(["--as-pid-1", "--new-session", "--die-with-parent", "--cap-drop", "ALL"].map(OsString::from));
    let mut sealed: Vec<&Path> = Vec::new();
    for mount in view {
        let path = mount.path();
        let words: Vec<OsString> = match mount {
            Mount::ReadOnly { path, source } => vec!["--ro-bind".into(), source.into(), path.into()],
            Mount::Writable { path, source } => vec!["--bind".into(), source.into(), path.into()],
            Mount::Link { path, target } => vec!["--symlink".into(), target.into(), path.into()],
            Mount::Device { path } => vec!["--dev-bind".into(), path.into(), path.into()],
            Mount::Scratch { path } => {
                vec!["--perms".into(), "1777".into(), "--tmpfs".into(), path.into()]
            }
            Mount::Empty { path } => {
                sealed.push(path);
                vec!["--tmpfs".into(), path.into()]
            }
            Mount::Blank { path } => vec!["--ro-bind".into(), "/dev/null".into(), path.into()],
            Mount::Proc => {
                sealed.push(path);
                vec!["--proc".into(), path.into()]
            }
        };
        args.extend(words);
    }
    // Now that everything in them is in place.
    for path in sealed.into_iter().chain([Path::new("/")]) {
        args.extend(["--remount-ro".into(), path.into()]);
    }
    args.extend(["--chdir".into(), cwd.into()]);
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_directories_are_sealed_after_what_is_put_into_them() {
        let view = [
            Mount::Empty { path: "/home/me".into() },
            Mount::Writable { path: "/home/me/work".into(), source: "/disk/work".into() },
            Mount::Proc,
        ];
        let args: Vec<_> = arguments(&view, Path::new("/home/me/work")).into_iter().collect();
        let text = args.iter().map(|arg| arg.to_str().unwrap()).collect::<Vec<_>>().join(" ");
        assert!(
            text.ends_with(
                "--tmpfs /home/me --bind /disk/work /home/me/work --proc /proc --remount-ro /home/me \
             --remount-ro /proc --remount-ro / --chdir /home/me/work"
            ),
            "{text}"
        );
        assert!(text.contains("--unshare-net") && text.contains("--cap-drop ALL"));
    }
}
