#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes Grafana's dashboard mgeo.json, in which every panel is one line of the table below.

make_dashboard.py [FILE]     default: mgeo.json beside this script
make_dashboard.py --check    exit status 1 if mgeo.json is not what this script writes
"""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
CHOSEN = 'job=~"$job",instance=~"$instance"'
# Routes that score; the same ones as in examples/prometheus/rules/recording.yml.
SCORING = CHOSEN + ',http_route=~"/match|/rerank|/predict|/v2/models/.+/infer"'
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24
SLOT = "{{instance}} {{slot}} {{version}}"


def rate(metric, by, labels=CHOSEN):
    return f"sum by ({by}) (rate({metric}{{{labels}}}[$__rate_interval]))"


def quantile(share, metric, by, labels=CHOSEN):
    return f"histogram_quantile({share}, {rate(metric + '_bucket', by + ', le', labels)})"


def gauge(metric, labels=CHOSEN):
    return f"{metric}{{{labels}}}"


def percentiles(metric, by, legend, labels=CHOSEN):
    return [(quantile(share, metric, by, labels), f"P{share * 100:g} {legend}") for share in (0.5, 0.99)]


REQUESTS = "http_server_request_duration_seconds"
# Rows of the dashboard; a panel: kind, title, width, height, unit, [(expression, legend)], what it tells.
ROWS = [
    ("Now", [
        ("stat", "Ready", 3, 4, "short", [(f"sum({gauge('mgeo_serve_ready')})", "ready"),
                                          (f"count({gauge('mgeo_serve_ready')})", "of")],
         "Servers that answer calls, of all that are scraped."),
        ("stat", "Requests/s", 3, 4, "reqps", [(f"sum({rate(REQUESTS + '_count', 'job', SCORING)})", "")],
         "On routes that score."),
        ("stat", "Errors", 3, 4, "percentunit",
         [(f"(sum(rate({REQUESTS}_count{{{SCORING},http_response_status_code=~\"5..\"}}[$__rate_interval])) or vector(0))"
           f" / sum(rate({REQUESTS}_count{{{SCORING}}}[$__rate_interval]))", "")],
         "Share of 5xx on routes that score."),
        ("stat", "P99", 3, 4, "s", [(quantile(0.99, REQUESTS, "job", SCORING), "")],
         "99th percentile of the requests' durations."),
        ("stat", "Queue", 3, 4, "percentunit",
         [(f"max({gauge('mgeo_serve_queue_requests')} / {gauge('mgeo_serve_queue_limit')})", "")],
         "The fullest queue, as a share of its limit. At 100% requests get 429."),
        ("table", "Models", 9, 4, "short",
         [(f"{gauge('mgeo_model_info')} * on (instance, slot, version) group_left () {gauge('mgeo_model_live')}", "")],
         "What lies in the slots. Value 1: live."),
    ]),
    ("Requests", [
        ("lines", "Traffic by route", 12, 8, "reqps",
         [(rate(REQUESTS + "_count", "http_request_method, http_route", SCORING),
           "{{http_request_method}} {{http_route}}")], ""),
        ("lines", "Duration", 12, 8, "s", percentiles(REQUESTS, "instance", "{{instance}}", SCORING),
         "OpenTelemetry's http.server.request.duration: from the first byte of the request to the last of the answer."),
        ("lines", "Answers that are no 200", 12, 8, "reqps",
         [(rate(REQUESTS + "_count", "http_response_status_code", CHOSEN + ',http_response_status_code!~"2.."'),
           "{{http_response_status_code}}")], "By status, health probes included."),
        ("lines", "Requests and connections", 12, 8, "short",
         [(gauge("http_server_active_requests"), "requests {{instance}}"),
          (gauge("mgeo_serve_connections"), "connections {{instance}}"),
          (gauge("mgeo_serve_streams"), "streams {{instance}}")], "Open now."),
        ("lines", "Clients turned away", 12, 8, "cps",
         [(rate("mgeo_serve_connections_refused_total", "instance"), "refused {{instance}}"),
          (rate("mgeo_serve_malformed_requests_total", "instance"), "malformed {{instance}}"),
          (rate("mgeo_serve_timed_out_clients_total", "instance"), "timed out {{instance}}")], ""),
        ("lines", "Requests dropped", 12, 8, "reqps",
         [(rate("mgeo_serve_requests_dropped_total", "reason"), "{{reason}}")],
         "Work that was not done: the queue was full, the client had gone, the deadline had passed."),
    ]),
    ("Blue and green", [
        ("stacked", "Traffic by slot", 12, 8, "reqps",
         [(rate("mgeo_serve_score_requests_total", "instance, slot, version"), SLOT)], "Swaps are marked."),
        ("lines", "Time to score, by slot", 12, 8, "s",
         percentiles("mgeo_serve_score_duration_seconds", "instance, slot, version", SLOT), ""),
        ("lines", "Failed requests, by slot", 12, 8, "reqps",
         [(rate("mgeo_serve_score_requests_total", "instance, slot, version", CHOSEN + ',outcome="error"'), SLOT)], ""),
        ("lines", "Failed calls, by status", 12, 8, "cps",
         [(rate("mgeo_call_errors_total", "slot, version, status") + " > 0", "{{slot}} {{version}} {{status}}")],
         "As the library returned them."),
        ("lines", "The library's calls", 12, 8, "s",
         percentiles("mgeo_call_duration_seconds", "instance, slot, version", SLOT),
         "Without what the server adds. One call may hold the pairs of many clients."),
        ("lines", "Pairs without a score, or hard to read", 12, 8, "cps",
         [(rate(metric, "slot, version"), what + " {{slot}} {{version}}") for metric, what in (
             ("mgeo_bad_pairs_total", "no score"), ("mgeo_not_finite_pairs_total", "not finite"),
             ("mgeo_truncated_pairs_total", "truncated"), ("mgeo_unknown_pairs_total", "unknown characters"))], ""),
    ]),
    ("Queue and batches", [
        ("lines", "Queue", 8, 8, "short",
         [(gauge("mgeo_serve_queue_requests"), "waiting {{instance}}"),
          (gauge("mgeo_serve_queue_limit"), "limit {{instance}}")], "Requests that wait for a scorer."),
        ("lines", "Wait in the queue", 8, 8, "s",
         percentiles("mgeo_serve_queue_wait_seconds", "instance", "{{instance}}"),
         "What the autoscaler goes by (examples/kubernetes)."),
        ("lines", "Wait for a batch", 8, 8, "s",
         percentiles("mgeo_queue_wait_seconds", "instance, slot, version", SLOT), "Of a pair, in the library."),
        ("lines", "Pairs/s", 8, 8, "short", [(rate("mgeo_pairs_total", "instance, slot, version"), SLOT)], ""),
        ("lines", "Pairs a batch", 8, 8, "short",
         [(f"{rate('mgeo_pairs_total', 'instance, slot, version')} / "
           f"{rate('mgeo_batches_total', 'instance, slot, version')}", SLOT)], "Mean."),
        ("lines", "Use of the token budget", 8, 8, "percentunit", [(gauge("mgeo_batch_fill_ratio"), SLOT)],
         "Mean share that batches used since the load."),
    ]),
    ("Rollout", [
        ("lines", "Canary and shadow", 8, 8, "percentunit",
         [(gauge("mgeo_canary_share_ratio"), "canary {{instance}}"),
          (gauge("mgeo_shadow_share_ratio"), "shadow {{instance}}")], "Shares of the live calls."),
        ("lines", "Canary's calls", 8, 8, "cps",
         [(rate("mgeo_canary_calls_total", "instance"), "{{instance}}")], ""),
        ("lines", "Shadow: other labels", 8, 8, "percentunit",
         [(f"{rate('mgeo_shadow_flips_total', 'instance')} / "
           f"{rate('mgeo_shadow_compared_pairs_total', 'instance')}", "{{instance}}")],
         "Share of the compared pairs that the standby model labels otherwise."),
        ("lines", "Shadow: shift of the scores", 8, 8, "short",
         [(gauge("mgeo_shadow_mean_shift"), "mean {{instance}}"), (gauge("mgeo_shadow_p99_shift"), "P99 {{instance}}"),
          (gauge("mgeo_shadow_psi"), "PSI {{instance}}")], ""),
        ("lines", "Watch", 8, 8, "short",
         [(gauge("mgeo_watch_measured"), "{{check}} {{instance}}"),
          (gauge("mgeo_watch_limit"), "limit of {{check}} {{instance}}")],
         "Figures of the last watch beside their limits."),
        ("lines", "Swaps, loads, failures", 8, 8, "short",
         [(f"sum by (instance) (increase({metric}{{{CHOSEN}}}[$__rate_interval]))", what + " {{instance}}")
          for metric, what in (("mgeo_swaps_total", "swaps"), ("mgeo_refused_swaps_total", "refused swaps"),
                               ("mgeo_roll_backs_total", "roll-backs"), ("mgeo_loads_total", "loads"),
                               ("mgeo_failed_loads_total", "failed loads"),
                               ("mgeo_journal_failures_total", "lines missing in the journal"))], ""),
    ]),
    ("Memory and devices", [
        ("lines", "Memory of models", 8, 8, "bytes",
         [(gauge("mgeo_model_memory_bytes"), "weights " + SLOT),
          (gauge("mgeo_model_predicted_memory_bytes"), "predicted " + SLOT)], ""),
        ("lines", "Bodies in memory", 8, 8, "bytes", [(gauge("mgeo_serve_buffered_bytes"), "{{instance}}")],
         "Bounded by --max-buffered."),
        ("lines", "Work", 8, 8, "short", [(rate("mgeo_busy_seconds_total", "instance, slot, version"), SLOT)],
         "Seconds of computing a second: how many workers are busy."),
        ("lines", "Healthy", 8, 8, "short", [(gauge("mgeo_model_healthy"), SLOT)],
         "0: the device failed and does not open again."),
        ("lines", "Draining", 8, 8, "short", [(gauge("mgeo_serve_draining"), "{{instance}}")], ""),
        ("lines", "Uptime", 8, 8, "s", [(f"time() - {gauge('mgeo_serve_start_time_seconds')}", "{{instance}}")], ""),
    ]),
]
MARKS = [
    ("Swaps", "mgeo_swaps_total", CHOSEN, "blue", "swap on {{instance}}"),
    ("Roll-backs", "mgeo_roll_backs_total", CHOSEN, "red", "roll-back by {{by}} on {{instance}}"),
    ("Restarts", "mgeo_serve_start_time_seconds", CHOSEN, "orange", "{{instance}} restarted"),
]


def targets(expressions, kind):
    made = []
    for number, (expression, legend) in enumerate(expressions):
        target = {"datasource": SOURCE, "editorMode": "code", "expr": expression, "legendFormat": legend or "__auto",
                  "range": kind != "table", "instant": kind == "table", "refId": chr(ord("A") + number)}
        if kind == "table":
            target["format"] = "table"
        made.append(target)
    return made


def shape(kind):
    """What a kind of panel is to Grafana: its type, the fields' looks, its options."""
    if kind == "stat":
        return "stat", {}, {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
                            "graphMode": "area", "textMode": "auto", "colorMode": "none"}
    if kind == "table":
        return "table", {}, {"showHeader": True}
    looks = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 30 if kind == "stacked" else 0,
             "showPoints": "never", "spanNulls": False,
             "stacking": {"mode": "normal" if kind == "stacked" else "none", "group": "A"}}
    return "timeseries", looks, {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
                                 "tooltip": {"mode": "multi", "sort": "desc"}}


def panel(number, x, y, described):
    kind, title, width, height, unit, expressions, tells = described
    type_name, looks, options = shape(kind)
    made = {"id": number, "type": type_name, "title": title, "description": tells, "datasource": SOURCE,
            "gridPos": {"x": x, "y": y, "w": width, "h": height},
            "fieldConfig": {"defaults": {"unit": unit, "min": 0, "custom": looks}, "overrides": []},
            "options": options, "targets": targets(expressions, kind)}
    if kind == "table":
        hidden = ("Time", "__name__", "job", "library", "fingerprint", "process")
        made["transformations"] = [{"id": "organize", "options": {"excludeByName": {name: True for name in hidden}}}]
    return made


def panels():
    made, number, y = [], 0, 0
    for title, described in ROWS:
        number += 1
        made.append({"id": number, "type": "row", "title": title, "collapsed": False, "panels": [],
                     "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1}})
        x, y, height = 0, y + 1, 0
        for one in described:
            if x + one[2] > WIDTH:
                x, y, height = 0, y + height, 0
            number += 1
            made.append(panel(number, x, y, one))
            x, height = x + one[2], max(height, one[3])
        y += height
    return made


def mark(name, metric, labels, color, text):
    count = "changes" if metric.endswith("_seconds") else "increase"
    return {"name": name, "datasource": SOURCE, "enable": True, "hide": False, "iconColor": color,
            "expr": f"{count}({metric}{{{labels}}}[1m]) > 0", "step": "15s", "titleFormat": name,
            "textFormat": text, "tagKeys": "instance"}


def variable(name, label, query):
    return {"type": "query", "name": name, "label": label, "datasource": SOURCE, "query": {"query": query, "refId": name},
            "definition": query, "refresh": 2, "multi": True, "includeAll": True, "sort": 1,
            "current": {"text": ["All"], "value": ["$__all"]}}


def dashboard():
    source = {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus", "refresh": 1,
              "multi": False, "includeAll": False}
    return {
        "uid": "mgeo-serve", "title": "mgeo-serve", "tags": ["mgeo"], "schemaVersion": 39, "version": 1,
        "editable": True, "graphTooltip": 1, "refresh": "10s", "timezone": "browser",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [source, variable("job", "Job", "label_values(mgeo_serve_ready, job)"),
                                variable("instance", "Server", 'label_values(mgeo_serve_ready{job=~"$job"}, instance)')]},
        "annotations": {"list": [mark(*one) for one in MARKS]},
        "links": [], "panels": panels(),
    }


def main():
    arguments = sys.argv[1:]
    text = json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n"
    kept = HERE / "mgeo.json"
    if arguments == ["--check"]:
        if not kept.exists() or kept.read_text(encoding="utf-8") != text:
            sys.exit("make_dashboard: mgeo.json is not what this script writes; run it again")
        return
    pathlib.Path(arguments[0] if arguments else kept).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
