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
- --metrics-bind=0.0.0.0:8080
- --health-bind=0.0.0.0:8081
- --webhook-bind=0.0.0.0:9443
{{- with .Values.controller }}
- --collect-interval={{ .collectInterval }}
- --evaluate-interval={{ .evaluateInterval }}
- --cooldown={{ .cooldown }}
- --max-changed-pods-per-minute={{ .maxChangedPodsPerMinute | int64 }}
{{- if .confidenceRequired }}
- --confidence-required
{{- end }}
{{- if .dryRun }}
- --dry-run
{{- end }}
- --log-level={{ .logLevel }}
{{- range .extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
