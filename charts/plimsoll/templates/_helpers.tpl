{{/* Labels that never change: they select the pods. */}}
{{- define "plimsoll.selectorLabels" -}}
app.kubernetes.io/name: plimsoll
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "plimsoll.labels" -}}
{{ include "plimsoll.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | quote }}
{{- end }}

{{/* The pod of either kind: a Deployment, or with a volume a StatefulSet. */}}
{{- define "plimsoll.pod" -}}
metadata:
  labels:
    {{- include "plimsoll.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- if or .Values.metrics.scrapeAnnotations .Values.podAnnotations }}
  annotations:
    {{- if .Values.metrics.scrapeAnnotations }}
    prometheus.io/scrape: "true"
    prometheus.io/port: "8080"
    prometheus.io/path: /metrics
    {{- end }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
spec:
  serviceAccountName: plimsoll
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  # Long enough to write the history and to give the lease back.
  # A tick under way may take half a minute; its outcome is noted before the end.
  terminationGracePeriodSeconds: 60
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    seccompProfile:
      type: RuntimeDefault
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "plimsoll.selectorLabels" . | nindent 10 }}
  containers:
    - name: plimsoll
      image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args:
        {{- include "plimsoll.args" . | nindent 8 }}
      env:
        - name: POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        - name: PLIMSOLL_NAMESPACE
          valueFrom:
            fieldRef:
              fieldPath: metadata.namespace
      ports:
        - name: metrics
          containerPort: 8080
        - name: health
          containerPort: 8081
        - name: webhook
          containerPort: 9443
      # A replica without an answer from the API server is alive: restarting it mends nothing.
      livenessProbe:
        httpGet:
          path: /healthz
          port: health
        periodSeconds: 10
        failureThreshold: 6
      readinessProbe:
        httpGet:
          path: /readyz
          port: health
        periodSeconds: 5
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      {{- with .Values.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      volumeMounts:
        - name: data
          mountPath: /data
  {{- if not .Values.persistence.enabled }}
  volumes:
    # Outlives a restart of the container, not of the pod.
    - name: data
      emptyDir:
        sizeLimit: {{ .Values.persistence.size }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "plimsoll.args" -}}
- controller
- --data-dir=/data
{{- if not .Values.persistence.enabled }}
# That folder goes with the pod; what was learned stays in the cluster.
- --checkpoints=true
{{- end }}
- --metrics-bind=0.0.0.0:8080
- --health-bind=0.0.0.0:8081
- --webhook-bind=0.0.0.0:9443
{{- with .Values.controller }}
- --collect-interval={{ .collectInterval }}
- --evaluate-interval={{ .evaluateInterval }}
- --cooldown={{ .cooldown }}
- --keep-cells={{ .keepCells }}
- --max-changed-pods-per-minute={{ .maxChangedPodsPerMinute | int64 }}
{{- if .confidenceRequired }}
- --confidence-required
{{- end }}
{{- if .dryRun }}
- --dry-run
{{- end }}
- --log-level={{ .logLevel }}
{{- end }}
{{- with .Values.samples }}
- --samples={{ .source }}
{{- if .kubeletInsecureTls }}
- --kubelet-insecure-tls
{{- end }}
{{- end }}
{{- with .Values.prometheus }}
{{- if .url }}
- {{ printf "--prometheus-url=%s" .url | quote }}
- --back-fill={{ .backFill }}
{{- range .headers }}
- {{ printf "--prometheus-header=%s" . | quote }}
{{- end }}
{{- range .labels }}
- {{ printf "--prometheus-label=%s" . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.controller }}
{{- range .extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* The definitions in a file but for those named in `without`. */}}
{{- define "plimsoll.definitions" -}}
{{- $without := .without | default list }}
{{- range regexSplit "(?m)^---\\s*$" .file -1 }}
{{- with fromYaml . }}
{{- if not (has .metadata.name $without) }}
{{- $annotations := merge (dict "helm.sh/resource-policy" "keep") (.metadata.annotations | default dict) }}
{{- $_ := set .metadata "annotations" $annotations }}
---
{{ toYaml . }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Refuses to render the thoras.ai definitions where nobody looked for those of another owner. Every
cluster has the namespace kube-system: where it is not found, no cluster was asked. */}}
{{- define "plimsoll.mayInstallThoras" -}}
{{- if not (or .Values.thoras.crds.noneOfOthers (lookup "v1" "Namespace" "" "kube-system")) }}
{{- fail "thoras.crds.install: this rendering cannot look into the cluster (helm template, --dry-run=client, Argo CD), and would overwrite definitions of thoras.ai that another owner has there. Look with `kubectl get crd -o name | grep thoras.ai`; where there are none, set thoras.crds.noneOfOthers=true too, and where there are, leave thoras.crds.install=false." }}
{{- end }}
{{- end }}

{{/* The thoras.ai definitions that are in the cluster and of another release, or of none, as a list
in YAML. They are Thoras's own, or someone applied them by hand: nobody's objects are put under
another schema without being asked. Empty where no cluster is asked; see "plimsoll.mayInstallThoras". */}}
{{- define "plimsoll.foreignThoras" -}}
{{- $foreign := list }}
{{- $release := printf "%s/%s" .Release.Namespace .Release.Name }}
{{- range regexSplit "(?m)^---\\s*$" (.Files.Get "files/thoras-crds.yaml") -1 }}
{{- with fromYaml . }}
{{- with lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" .metadata.name }}
{{- $annotations := .metadata.annotations | default dict }}
{{- $of := get $annotations "meta.helm.sh/release-name" | default "" }}
{{- $in := get $annotations "meta.helm.sh/release-namespace" | default "" }}
{{- if ne (printf "%s/%s" $in $of) $release }}
{{- $foreign = append $foreign .metadata.name }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- toYaml $foreign }}
{{- end }}

{{/* The thoras.ai kinds whose definitions are Plimsoll's, as a list of plurals in YAML: of this
release, or applied by hand from `plimsoll crds --thoras`. What is written for Thoras itself is not
ours to refuse. */}}
{{- define "plimsoll.ownThoras" -}}
{{- $own := list }}
{{- $foreign := include "plimsoll.foreignThoras" . | fromYamlArray }}
{{- $install := .Values.thoras.crds.install }}
{{- range regexSplit "(?m)^---\\s*$" (.Files.Get "files/thoras-crds.yaml") -1 }}
{{- with fromYaml . }}
{{- $there := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" .metadata.name }}
{{- $labels := ($there.metadata | default dict).labels | default dict }}
{{- $byHand := eq (get $labels "app.kubernetes.io/managed-by" | default "") "plimsoll" }}
{{- $ofRelease := and (or $install $there) (not (has .metadata.name $foreign)) }}
{{- if or $byHand $ofRelease }}
{{- $own = append $own .spec.names.plural }}
{{- end }}
{{- end }}
{{- end }}
{{- toYaml $own }}
{{- end }}
