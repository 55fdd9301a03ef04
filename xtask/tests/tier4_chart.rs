//! The chart on a real API server: every object is accepted as it stands, strictly, and the
//! rights it grants are the ones meant.

use anyhow::{Context, Result, ensure};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../charts/plimsoll");
const ACCOUNT: &str = "system:serviceaccount:scaling:plimsoll";

/// A control plane that lives as long as its standard input is open: it ends with this process,
/// however that ends, and removes its own folder.
struct ControlPlane {
    rig: Child,
    kubeconfig: PathBuf,
}

impl ControlPlane {
    fn start(name: &str) -> Result<Self> {
        let shm = PathBuf::from("/dev/shm");
        let base = if shm.is_dir() { shm } else { std::env::temp_dir() };
        let dir = base.join(format!("plimsoll-{name}-{}", std::process::id()));
        let mut rig = Command::new(plimsoll_testbed::rig_binary()?)
            .args(["up", "-dir"])
            .arg(&dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start the control plane")?;
        let stdout = rig.stdout.take().context("stdout was not piped")?;
        let mut ready = String::new();
        BufReader::new(stdout).read_line(&mut ready)?;
        ensure!(ready.contains("kubeconfig") && !ready.contains("\"error\""), "{ready}");
        Ok(Self { rig, kubeconfig: dir.join("admin.kubeconfig") })
    }

    /// Runs kubectl, hands it the text, and returns whether it succeeded and all it said.
    fn kubectl(&self, args: &[&str], input: &str) -> Result<(bool, String)> {
        let mut child = Command::new(tool("PLIMSOLL_KUBECTL", "kubectl"))
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            // What a cluster of the past knew must not answer for this one.
            .arg("--cache-dir")
            .arg(self.kubeconfig.with_extension("cache"))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("run kubectl")?;
        // Closed at the end of the statement, so that kubectl sees the end.
        child.stdin.take().context("stdin was not piped")?.write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        let text = [output.stdout, output.stderr].concat();
        Ok((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
    }

    fn may(&self, verb: &str, what: &str, more: &[&str]) -> Result<bool> {
        let args = [&["auth", "can-i", verb, what, "--as", ACCOUNT], more].concat();
        Ok(self.kubectl(&args, "")?.1.starts_with("yes"))
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        drop(self.rig.stdin.take());
        self.rig.wait().ok();
    }
}

fn tool(variable: &str, name: &str) -> OsString {
    std::env::var_os(variable).unwrap_or_else(|| name.into())
}

fn render(values: &[&str]) -> Result<String> {
    let mut helm = Command::new(tool("PLIMSOLL_HELM", "helm"));
    helm.args(["template", "plimsoll", CHART, "--namespace", "scaling"]);
    for value in values {
        helm.args(["--set", value]);
    }
    let output = helm.output().context("run helm")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

#[test]
fn a_real_api_server_accepts_every_object_and_grants_the_rights_meant() {
    let cluster = ControlPlane::start("chart").unwrap();
    let (ok, said) = cluster.kubectl(&["create", "namespace", "scaling"], "").unwrap();
    assert!(ok, "{said}");
    let apply = ["apply", "--server-side", "--validate=strict", "--filename", "-"];
    let more = [
        "persistence.enabled=true",
        "controller.dryRun=true",
        "thoras.crds.install=true",
        "thoras.crds.noneOfOthers=true",
    ];
    for values in [&[][..], &more[..]] {
        let (ok, said) = cluster.kubectl(&apply, &render(values).unwrap()).unwrap();
        assert!(ok, "{values:?}: {said}");
        assert!(!said.contains("Warning"), "{said}");
    }
    let established = "wait --for=condition=Established --timeout=60s crd --all";
    let established: Vec<&str> = established.split(' ').collect();
    let (ok, said) = cluster.kubectl(&established, "").unwrap();
    assert!(ok, "{said}");
    let everywhere = "--all-namespaces";
    for (verb, what, more) in [
        ("watch", "pods", everywhere),
        ("patch", "pods", "--subresource=resize"),
        ("watch", "deployments.apps", everywhere),
        ("watch", "scaledworkloads.plimsoll.dev", everywhere),
        ("patch", "scaledworkloads.plimsoll.dev", "--subresource=status"),
        ("patch", "mutatingwebhookconfigurations/plimsoll", everywhere),
        ("patch", "validatingwebhookconfigurations/plimsoll", everywhere),
        ("watch", "scalingpolicies.plimsoll.dev", everywhere),
        ("watch", "aiscaletargets.thoras.ai", everywhere),
        ("delete", "aiscaletargets.thoras.ai", everywhere),
        ("patch", "daemonsetautoscalers.thoras.ai", "--subresource=status"),
    ] {
        assert!(cluster.may(verb, what, &[more]).unwrap(), "{verb} {what} {more}");
    }
    for (verb, what) in [
        ("patch", "deployments.apps"),
        ("delete", "pods"),
        ("patch", "pods"),
        ("get", "secrets"),
        ("create", "mutatingwebhookconfigurations"),
        ("patch", "mutatingwebhookconfigurations/another"),
        ("patch", "scalingpolicies.plimsoll.dev"),
        ("delete", "clusteraiscaletemplates.thoras.ai"),
        ("watch", "nodes"),
    ] {
        assert!(!cluster.may(verb, what, &[everywhere]).unwrap(), "{verb} {what}");
    }
    let ours = ["--namespace", "scaling"];
    assert!(cluster.may("create", "leases.coordination.k8s.io", &ours).unwrap());
    assert!(!cluster.may("create", "leases.coordination.k8s.io", &["-n", "default"]).unwrap());
}

/// A definition as Thoras's own chart leaves it.
const FOREIGN: &str = r"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: aiscaletargets.thoras.ai
  labels: {app.kubernetes.io/managed-by: Helm}
  annotations: {meta.helm.sh/release-name: thoras, meta.helm.sh/release-namespace: thoras}
spec:
  group: thoras.ai
  scope: Namespaced
  names: {kind: AIScaleTarget, plural: aiscaletargets, singular: aiscaletarget}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";

#[test]
fn definitions_of_another_release_are_left_alone_and_named() {
    let cluster = ControlPlane::start("foreign").unwrap();
    let (ok, said) = cluster.kubectl(&["create", "--filename", "-"], FOREIGN).unwrap();
    assert!(ok, "{said}");
    let mut helm = Command::new(tool("PLIMSOLL_HELM", "helm"));
    helm.args(["install", "plimsoll", CHART, "--namespace", "scaling", "--dry-run=server"]);
    helm.args(["--set", "thoras.crds.install=true", "--kubeconfig"]).arg(&cluster.kubeconfig);
    let output = helm.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (manifest, notes) = said.split_once("NOTES:").expect("there are notes");
    assert!(manifest.contains("name: daemonsetautoscalers.thoras.ai"), "{manifest}");
    assert!(!manifest.contains("name: aiscaletargets.thoras.ai"), "{manifest}");
    let judged = "resources: [clusteraiscaletemplates, daemonsetautoscalers]";
    assert!(manifest.contains(judged), "{manifest}");
    assert!(notes.contains("\n  aiscaletargets.thoras.ai\n"), "{notes}");
    assert!(!notes.contains("daemonsetautoscalers.thoras.ai"), "{notes}");
}
