/* SPDX-License-Identifier: Apache-2.0 */
#include "http/health.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/units.h"

struct health health_ready(const struct guard_view *view)
{
	if (view->draining)
		return (struct health){ 503, "draining" };
	if (!view->child)
		return (struct health){ 503, "the application does not run" };
	if (strcmp(view->life_state, "running"))
		return (struct health){ 503, "the application is being stopped" };
	return (struct health){ 200, "ok" };
}

struct health health_live(const struct guard_view *view)
{
	if (!strcmp(view->life_state, "over"))
		return (struct health){ 503, "over" };
	return (struct health){ 200, "ok" };
}

bool health_excuses(const struct guard_view *view)
{
	if (strcmp(view->life_state, "running"))
		return true; /* each of those states has its deadline */
	return view->busy && view->now_usec < view->busy_until_usec;
}

static void put_known(struct json *j, const char *key, uint64_t value)
{
	if (value == VIEW_UNKNOWN)
		json_null(j, key);
	else
		json_uint(j, key, value);
}

static void put_seconds(struct json *j, const char *key, uint64_t usec)
{
	if (usec == VIEW_UNKNOWN)
		json_null(j, key);
	else
		json_milli(j, key, (int64_t)(usec / USEC_PER_MSEC));
}

static void put_named(struct json *j, const char *key, const struct view_named *named, unsigned n)
{
	json_open_object(j, key);
	for (unsigned i = 0; i < n && named[i].name; i++)
		put_known(j, named[i].name, named[i].value);
	json_close_object(j);
}

static void put_memory(struct json *j, const struct guard_view *v)
{
	json_open_object(j, "memory");
	json_string(j, "basis", v->basis);
	put_known(j, "use_bytes", v->use_bytes);
	put_known(j, "limit_bytes", v->limit_bytes);
	json_string(j, "limit_source", v->limit_source);
	put_known(j, "headroom_bytes", v->headroom_bytes);
	if (v->use_bp == VIEW_UNKNOWN)
		json_null(j, "ratio");
	else
		json_milli(j, "ratio", (int64_t)(v->use_bp / 10));
	put_known(j, "usage_bytes", v->usage_bytes);
	put_known(j, "working_set_bytes", v->working_set_bytes);
	put_known(j, "peak_bytes", v->peak_bytes);
	json_int(j, "growth_bytes_per_second", v->growth_bytes_per_sec);
	put_seconds(j, "time_to_limit_seconds", v->eta_usec);
	put_named(j, "components", v->components, VIEW_COMPONENTS);
	json_close_object(j);
}

static void put_diagnosis(struct json *j, const struct guard_view *v)
{
	const char *cause = "none";

	for (unsigned i = 0; i < VIEW_CAUSES && v->states[i].name; i++)
		if (v->states[i].value == 1)
			cause = v->states[i].name;
	json_open_object(j, "diagnosis");
	json_string(j, "cause", cause);
	if (v->diagnosis_pct == VIEW_UNKNOWN)
		json_null(j, "confidence");
	else
		json_milli(j, "confidence", (int64_t)v->diagnosis_pct * 10);
	put_known(j, "recommended_limit_bytes", v->advised_limit_bytes);
	put_known(j, "recommended_request_bytes", v->advised_request_bytes);
	json_close_object(j);
}

static void put_levels(struct json *j, const struct guard_view *v)
{
	json_open_array(j, "levels");
	for (unsigned i = 0; i < v->n_levels; i++) {
		json_open_object(j, NULL);
		json_string(j, "name", v->levels[i].name);
		json_bool(j, "active", v->levels[i].active);
		json_uint(j, "fired", v->levels[i].fired_count);
		json_close_object(j);
	}
	json_close_array(j);
}

static void put_dumps(struct json *j, const struct guard_view *v)
{
	json_open_object(j, "dumps");
	for (unsigned i = 0; i < VIEW_DUMPS && v->dumps[i].kind; i++) {
		json_open_object(j, v->dumps[i].kind);
		json_uint(j, "ok", v->dumps[i].ok);
		json_uint(j, "failed", v->dumps[i].failed);
		json_close_object(j);
	}
	json_close_object(j);
}

void health_print_status(const struct guard_view *v, struct buf *out)
{
	struct json j = { .out = out };

	json_open_object(&j, NULL);
	json_string(&j, "version", v->version);
	json_uint(&j, "pid", v->pid);
	json_uint(&j, "application_pid", v->child);
	json_string(&j, "state", v->life_state);
	put_seconds(&j, "age_seconds", v->age_usec);
	json_bool(&j, "watching", v->watching);
	json_bool(&j, "ready", health_ready(v).code == 200);
	json_bool(&j, "draining", v->draining);
	json_string(&j, "summary", v->summary);
	put_memory(&j, v);
	put_diagnosis(&j, v);
	put_levels(&j, v);
	put_dumps(&j, v);
	put_named(&j, "restarts", v->restarts, VIEW_RESTARTS);
	put_known(&j, "restarts_left", v->restarts_left);
	put_named(&j, "oom_kills", v->kills, VIEW_KILLS);
	put_named(&j, "lives", v->lives, VIEW_LIVES);
	put_seconds(&j, "sample_interval_seconds", v->look_interval_usec);
	json_close_object(&j);
}
