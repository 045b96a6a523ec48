//! The daemon of an external tool: started when it is needed, ended before its arm is put aside.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use strategies::external::placeholder::PlaceholderValues;
use strategies::external::schema;

use super::{ExternalTool, PATIENCE};
use crate::build::Usage;
use crate::deadline::BuildError;
use exec::cpu;
use exec::daemon::DaemonProcess;
use exec::leftovers::{self, TOOL_MARK};
use exec::network::free_port;
use exec::process;
use exec::process::CommandSpec;

const ATTEMPTS: u32 = 5;

const STARTING: Duration = Duration::from_secs(20);

const STOPPING: Duration = Duration::from_secs(5);

const PAUSE: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(super) struct ServingDaemon {
    daemon: DaemonProcess,
    port: u16,
    values: PlaceholderValues,
}

impl ExternalTool {
    /// Starts and warms its daemon, where it has one that does not run; how long that took.
    pub(super) fn serve(&self) -> Result<Option<Duration>, BuildError> {
        let Some(described) = &self.external.description.daemon else { return Ok(None) };
        let mut serving = self.serving();
        if serving.as_mut().is_some_and(|serving| serving.daemon.is_running()) {
            return Ok(None);
        }
        // A plan refuses such strategies before; never run one outside what was asked for.
        if self.sandbox.is_some() {
            return Err(BuildError::NoDaemon(format!(
                "the daemon of {} cannot run in a sandbox",
                self.external.name()
            )));
        }
        *serving = None;
        let began = Instant::now();
        let mut why = String::new();
        for _ in 0..ATTEMPTS {
            match self.start(described)? {
                Ok(started) => {
                    self.warm(described, &started.values)?;
                    *serving = Some(started);
                    return Ok(Some(began.elapsed()));
                }
                Err(said) => why = said,
            }
        }
        Err(BuildError::NoDaemon(format!("the daemon of {} did not start: {why}", self.external.name())))
    }

    fn start(&self, described: &schema::DaemonCommands) -> Result<Result<ServingDaemon, String>, BuildError> {
        let failed = |error: &dyn std::fmt::Display| BuildError::Failed(error.to_string());
        let port = free_port().map_err(|error| failed(&error))?;
        let values = self.values.clone().with("port", port.to_string());
        let mut spec = self.command(&values, &described.start).map_err(|error| failed(&error))?;
        for (name, text) in &described.env {
            spec = spec.env(name, values.text(text).map_err(|error| failed(&error))?);
        }
        let ready = match described.ready.as_slice() {
            [] => None,
            argv => Some(self.command(&values, argv).map_err(|error| failed(&error))?),
        };
        let mut daemon = DaemonProcess::start(&spec, &self.state.join("daemon.log"), &self.supervisor)?;
        let began = Instant::now();
        while began.elapsed() < STARTING {
            self.supervisor.check().map_err(process::ProcessError::from)?;
            let serves = self.serves(ready.as_ref(), port)?;
            if !daemon.is_running() {
                return Ok(Err(daemon.last_line()));
            }
            if serves {
                return Ok(Ok(ServingDaemon { daemon, port, values }));
            }
            std::thread::sleep(PAUSE);
        }
        Ok(Err(format!("it did not serve within {} s; {}", STARTING.as_secs(), daemon.last_line())))
    }

    /// What a daemon that runs all day has long done, and no build of this turn is to pay for.
    fn warm(&self, described: &schema::DaemonCommands, values: &PlaceholderValues) -> Result<(), BuildError> {
        if !described.warm.is_empty() {
            let spec = self.command(values, &described.warm).map_err(|error| BuildError::Failed(error.to_string()))?;
            self.run(&spec.timeout(PATIENCE))?;
        }
        Ok(())
    }

    fn serves(&self, ready: Option<&CommandSpec>, port: u16) -> Result<bool, BuildError> {
        match ready {
            Some(spec) => match self.run(&spec.clone().timeout(PATIENCE)) {
                Ok(finished) => Ok(finished.status.success()),
                Err(process::ProcessError::TimedOut { .. }) => Ok(false),
                Err(error) => Err(error.into()),
            },
            None => {
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                Ok(TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok())
            }
        }
    }

    /// Ends its daemon, and whatever else of it still runs: before its arm is put aside, and at the end.
    pub(super) fn shutdown(&self) {
        if let Some(mut serving) = self.serving().take() {
            let stop = self.external.description.daemon.as_ref().map(|daemon| &daemon.stop);
            if let Some(stop) = stop.filter(|stop| !stop.is_empty() && !self.supervisor.is_interrupted())
                && let Ok(spec) = self.command(&serving.values, stop)
                && self.run(&spec.timeout(PATIENCE)).is_ok()
            {
                serving.daemon.wait(STOPPING);
            }
            serving.daemon.end();
        }
        leftovers::end(TOOL_MARK, self.mark.as_ref());
    }

    pub(super) fn daemon_ended(&self) -> Option<String> {
        let mut serving = self.serving();
        let serving = serving.as_mut()?;
        (!serving.daemon.is_running()).then(|| format!("its daemon ended: {}", serving.daemon.last_line()))
    }

    pub(super) fn port(&self) -> Option<u16> {
        self.serving().as_ref().map(|serving| serving.port)
    }

    pub(super) fn daemon_used(&self) -> Usage {
        let pid = self.serving().as_ref().and_then(|serving| serving.daemon.pid());
        let (user, sys) = pid.and_then(cpu::of_process).unwrap_or_default();
        Usage { user, sys, max_rss: None }
    }
}

impl Drop for ExternalTool {
    fn drop(&mut self) {
        self.shutdown();
    }
}
