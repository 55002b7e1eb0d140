package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The content types of requests; noType sends none.
const (
	asJSON = "application/json"
	noType = "none"
)

// badRequest is one thing that cannot be done, asked for in each way there is.
type badRequest struct {
	reason string
	// The API: method, path and body, what it answers.
	method, path, body string
	contentType        string // JSON if empty
	status             int
	// The command line, its standard input, its exit code (1 if 0); none for
	// what it has no words for.
	command []string
	stdin   string
	exit    int
	// The page: an address to fetch, or with a form to send; none for what has
	// no page.
	page       string
	form       map[string]string
	pageStatus int
	words      []string // named by all of them, whatever the case
}

// TestBadRequests asks for what cannot be: each answers with what is wrong and
// the way out, and changes nothing.
func TestBadRequests(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the binary")
	}
	v := newVictim(t)
	groups := map[string]map[string]badRequest{
		"Deployments": badDeployments(), "Names": badNames(), "InUse": inUse(), "Secrets": badSecrets(),
		"Executions": badExecutions(), "Bodies": badBodies(), "Queries": badQueries(), "CommandLine": badCommandLines(t),
	}
	for group, cases := range groups {
		t.Run(group, func(t *testing.T) {
			v.in(t).unchanged(func() {
				for name, tc := range cases {
					t.Run(name, func(t *testing.T) { v.in(t).askEverywhere(tc) })
				}
			})
		})
	}
}

func (v *victim) askEverywhere(tc badRequest) {
	v.t.Helper()
	if tc.method != "" {
		contentType := tc.contentType
		switch contentType {
		case "":
			contentType = asJSON
		case noType:
			contentType = ""
		}
		v.api(tc.method, tc.path, contentType, tc.body).refused(v.t, tc.status, tc.words...)
	}
	if tc.command != nil {
		v.fails(max(tc.exit, 1), tc.words, tc.stdin, tc.command...)
	}
	if tc.page == "" {
		return
	}
	var got reply
	if tc.form == nil {
		got = v.page(tc.page)
	} else {
		got = v.form(tc.page, tc.form)
	}
	if got.status != tc.pageStatus {
		v.t.Errorf("%s: the page answers %d, want %d", tc.reason, got.status, tc.pageStatus)
	}
	tells(v.t, "the page", got.shown(), tc.words...)
}

// deployments create, in its three ways. Inputs are name, value, …
func createBad(reason string, status int, id, blueprint string, words []string, inputs ...string) badRequest {
	r := badRequest{
		reason: reason, method: http.MethodPut, path: "/deployments/" + id, status: status,
		command: []string{"deployments", "create", id, "-b", blueprint},
		page:    "/launch/" + blueprint, form: map[string]string{"id": id}, pageStatus: status, words: words,
	}
	if status == http.StatusBadRequest {
		r.pageStatus = http.StatusUnprocessableEntity
	}
	var given []string
	for i := 0; i+1 < len(inputs); i += 2 {
		r.command = append(r.command, "-i", inputs[i]+"="+inputs[i+1])
		r.form["in."+inputs[i]] = inputs[i+1]
		given = append(given, fmt.Sprintf("%q: %q", inputs[i], inputs[i+1]))
	}
	r.body = fmt.Sprintf(`{"blueprint_id": %q, "inputs": {%s}}`, blueprint, strings.Join(given, ", "))
	return r
}

func badDeployments() map[string]badRequest {
	const invalid, missing, conflict = http.StatusBadRequest, http.StatusNotFound, http.StatusConflict
	unknownInput := createBad("an input that the blueprint has not", invalid, "bad", "small", []string{"colour"}, "colour", "red")
	unknownInput.page = "" // a form has no field for it
	return map[string]badRequest{
		"NoBlueprint":  createBad("a blueprint that there is not", missing, "bad", "nothing", []string{"nothing", "not found"}),
		"Duplicate":    createBad("an id that is taken", conflict, "one", "small", []string{"one", "already exists", "choose another"}),
		"WrongType":    createBad("a text for a number", invalid, "bad", "small", []string{"size", "integer"}, "size", "large"),
		"TooBig":       createBad("a number beyond all", invalid, "bad", "small", []string{"size"}, "size", strings.Repeat("9", 400)),
		"UnknownInput": unknownInput,
		"NotACloud":    createBad("a cloud that there is not", invalid, "bad", "app", []string{"cloud_type", "aws"}, "cloud_type", "gcp"),
		"NoCell":       createBad("a cell that eaas_params does not map", invalid, "bad", "app", []string{"eaas_params", "dev-large"}, "cloud_type", "azure", "env_type", "dev-large"),
		"NoSuchTarget": createBad("an environment that there is not", invalid, "bad", "website", []string{"environment", "nowhere"}, "environment", "nowhere"),
	}
}

func badNames() map[string]badRequest {
	long := strings.Repeat("n", 257)
	cases := map[string]badRequest{
		"Space":     createBad("a space", http.StatusBadRequest, "a b", "small", []string{"a b", "letters, digits"}),
		"Long":      createBad("a name without end", http.StatusBadRequest, long, "small", []string{"256"}),
		"Dash":      createBad("an option for somebody's command line", http.StatusBadRequest, "-rf", "small", []string{"-rf", "begin"}),
		"Dots":      createBad("the folder above", http.StatusBadRequest, "..a", "small", []string{"..a", "begin"}),
		"Slash":     createBad("a path", http.StatusBadRequest, "a/b", "small", []string{"a/b", "letters, digits"}),
		"Script":    createBad("a script for a page", http.StatusBadRequest, "<script>alert(1)</script>", "small", []string{"letters, digits"}),
		"Foreign":   createBad("a letter of elsewhere", http.StatusBadRequest, "größe", "small", []string{"größe", "letters, digits"}),
		"Missing":   {reason: "a name that nothing can have", method: http.MethodGet, path: "/deployments/a%00b", status: http.StatusNotFound, page: "/environments/a%00b", pageStatus: http.StatusNotFound, words: []string{"not found"}},
		"NotUTF8":   {reason: "bytes that are no text", method: http.MethodGet, path: "/deployments/%ff", status: http.StatusNotFound, page: "/environments/%ff", pageStatus: http.StatusNotFound, words: []string{"not found"}},
		"Nowhere":   {reason: "an address that leads nowhere", method: http.MethodGet, path: "/nothing", status: http.StatusNotFound, page: "/nothing", pageStatus: http.StatusNotFound, words: []string{"no"}},
		"Method":    {reason: "a verb that the address has not", method: http.MethodDelete, path: "/status", status: http.StatusMethodNotAllowed, words: []string{"not allowed"}},
		"Execution": {reason: "an execution that there is not", method: http.MethodGet, path: "/executions/none", status: http.StatusNotFound, command: []string{"executions", "get", "none"}, page: "/executions/none", pageStatus: http.StatusNotFound, words: []string{"none", "not found"}},
		"Blueprint": {reason: "a blueprint that there is not", method: http.MethodGet, path: "/blueprints/none", status: http.StatusNotFound, command: []string{"blueprints", "get", "none"}, page: "/blueprints/none", pageStatus: http.StatusNotFound, words: []string{"none", "not found"}},
		"Secret":    {reason: "a secret that there is not", method: http.MethodGet, path: "/secrets/none", status: http.StatusNotFound, command: []string{"secrets", "get", "none"}, page: "/secrets/none", pageStatus: http.StatusNotFound, words: []string{"none"}},
	}
	for name, id := range map[string]string{"Space": "a%20b", "Slash": "a%2Fb", "Script": "%3Cscript%3Ealert(1)%3C%2Fscript%3E"} {
		tc := cases[name]
		tc.path = "/deployments/" + id
		cases[name] = tc
	}
	dash := cases["Dash"]
	dash.command = []string{"deployments", "create", "-b", "small", "--", "-rf"}
	cases["Dash"] = dash
	return cases
}

func inUse() map[string]badRequest {
	return map[string]badRequest{
		"Blueprint": {
			reason: "a blueprint that a deployment uses", method: http.MethodDelete, path: "/blueprints/small", status: http.StatusMethodNotAllowed,
			command: []string{"blueprints", "delete", "small"}, words: []string{"small", "used by", "one"},
		},
		"Forced": {
			reason: "force does not help", method: http.MethodDelete, path: "/blueprints/small?force=true", status: http.StatusMethodNotAllowed,
			command: []string{"blueprints", "delete", "small", "-f"}, words: []string{"small", "used by", "one"},
		},
		"Live": {
			reason: "a deployment that is installed", method: http.MethodDelete, path: "/deployments/two", status: http.StatusBadRequest,
			command: []string{"deployments", "delete", "two"},
			page:    "/environments/two/delete", form: map[string]string{}, pageStatus: http.StatusConflict, words: []string{"two", "live nodes", "uninstall"},
		},
		"Read": {
			reason: "a deployment whose capabilities another reads", method: http.MethodDelete, path: "/deployments/one", status: http.StatusBadRequest,
			command: []string{"deployments", "delete", "one"},
			page:    "/environments/one/delete", form: map[string]string{}, pageStatus: http.StatusConflict, words: []string{"one", "depend", "two"},
		},
		"Uninstall": {
			reason: "an uninstall under a reader", method: http.MethodPost, path: "/executions", body: `{"deployment_id": "one", "workflow_id": "uninstall"}`, status: http.StatusBadRequest,
			command: []string{"executions", "start", "uninstall", "-d", "one"},
			page:    "/environments/one/uninstall", form: map[string]string{"confirm": "one"}, pageStatus: http.StatusConflict, words: []string{"one", "two"},
		},
		"WrongName": {
			reason: "the name was mistyped", page: "/environments/two/uninstall", form: map[string]string{"confirm": "tow"},
			pageStatus: http.StatusUnprocessableEntity, words: []string{"Type two"},
		},
	}
}

func badExecutions() map[string]badRequest {
	start := func(reason, body string, words []string, command ...string) badRequest {
		return badRequest{reason: reason, method: http.MethodPost, path: "/executions", body: body, status: http.StatusBadRequest, command: command, words: words}
	}
	return map[string]badRequest{
		"NoWorkflow":    start("a workflow that there is not", `{"deployment_id": "one", "workflow_id": "dance"}`, []string{"dance", "install"}, "executions", "start", "dance", "-d", "one"),
		"NoParameter":   start("a parameter that there is not", `{"deployment_id": "two", "workflow_id": "uninstall", "parameters": {"tempo": 1}}`, []string{"tempo"}, "executions", "start", "uninstall", "-d", "two", "-p", "tempo=1"),
		"NoNames":       start("parameters without names", `{"deployment_id": "one", "workflow_id": "install", "parameters": [1]}`, []string{"parameters"}),
		"DryRun":        start("a dry run, which would be wet", `{"deployment_id": "one", "workflow_id": "install", "dry_run": true}`, []string{"dry"}),
		"NoDeployment":  {reason: "a deployment that there is not", method: http.MethodPost, path: "/executions", body: `{"deployment_id": "none", "workflow_id": "install"}`, status: http.StatusNotFound, command: []string{"executions", "start", "install", "-d", "none"}, words: []string{"none", "not found"}},
		"CancelNothing": {reason: "cancelling what is not", method: http.MethodPost, path: "/executions/none", body: `{"action": "cancel"}`, status: http.StatusNotFound, command: []string{"executions", "cancel", "none"}, page: "/executions/none/cancel", pageStatus: http.StatusNotFound, words: []string{"none", "not found"}},
	}
}

func badSecrets() map[string]badRequest {
	put := func(reason, key, value string, status int, words ...string) badRequest {
		r := badRequest{
			reason: reason, method: http.MethodPut, path: "/secrets/" + key, body: fmt.Sprintf(`{"value": %q}`, value), status: status,
			command: []string{"secrets", "create", key, "-f", "-"}, stdin: value,
			page: "/new-secret", form: map[string]string{"key": key, "value": value, "kind": "sensitive"}, pageStatus: status, words: words,
		}
		if status == http.StatusBadRequest {
			r.pageStatus = http.StatusUnprocessableEntity
		}
		return r
	}
	params := func(reason, value string, words ...string) badRequest {
		r := put(reason, "eaas_params", value, http.StatusBadRequest, words...)
		r.body = fmt.Sprintf(`{"value": %q, "update_if_exists": true}`, value)
		r.command = []string{"secrets", "update", "eaas_params", "-f", "-"}
		r.page, r.form = "/secrets/eaas_params", map[string]string{"value": value, "seen": "1"}
		return r
	}
	return map[string]badRequest{
		"Exists":      put("a key that is taken", "private_key_content", "x", http.StatusConflict, "private_key_content", "exists", "update"),
		"BadKey":      put("a key that is no word", "a%20b", "x", http.StatusBadRequest, "letters, digits"),
		"LongKey":     put("a key without end", strings.Repeat("k", 300), "x", http.StatusBadRequest, "256"),
		"NoJSON":      params("a comma too many", "{\n  \"aws\": {},\n}", "eaas_params", "line 3"),
		"NoObject":    params("a list of cells", `[1]`, "eaas_params", "object"),
		"NoTypes":     params("a cloud without types", `{"aws": 5}`, "eaas_params.aws", "environment types"),
		"NoParts":     params("a cell without parts", `{"aws": {"dev-small": "x"}}`, "eaas_params.aws.dev-small", "parts"),
		"NoBlueprint": params("a part without blueprint", `{"aws": {"dev-small": {"db": {}}}}`, "eaas_params.aws.dev-small.db", "blueprint"),
		"NoneToEdit":  {reason: "a secret that there is not", method: http.MethodPatch, path: "/secrets/none", body: `{"value": "x"}`, status: http.StatusNotFound, command: []string{"secrets", "update", "none", "-s", "x"}, page: "/secrets/none", form: map[string]string{"value": "x"}, pageStatus: http.StatusNotFound, words: []string{"none"}},
		"NoneToEnd":   {reason: "a secret that there is not", method: http.MethodDelete, path: "/secrets/none", status: http.StatusNotFound, command: []string{"secrets", "delete", "none"}, page: "/secrets/none/delete", pageStatus: http.StatusNotFound, words: []string{"none"}},
		"Stale":       {reason: "a value that somebody changed meanwhile", page: "/secrets/eaas_params", form: map[string]string{"value": "{}", "seen": "99"}, pageStatus: http.StatusConflict, words: []string{"somebody changed it"}},
	}
}

func badBodies() map[string]badRequest {
	put := func(reason, body string, words ...string) badRequest {
		return badRequest{reason: reason, method: http.MethodPut, path: "/deployments/bad", body: body, status: http.StatusBadRequest, words: words}
	}
	as := func(reason, contentType string) badRequest {
		return badRequest{reason: reason, method: http.MethodPut, path: "/deployments/bad", body: `{"blueprint_id": "small"}`, contentType: contentType, status: http.StatusUnsupportedMediaType, words: []string{"application/json"}}
	}
	large := put("a body over the limit", `{"blueprint_id": "`+strings.Repeat("x", 9<<20)+`"}`, "8 MB")
	large.status = http.StatusRequestEntityTooLarge
	form := put("a form over the limit", "")
	form = badRequest{reason: form.reason, page: "/new-secret", form: map[string]string{"key": "k", "value": strings.Repeat("x", 2<<20)}, pageStatus: http.StatusRequestEntityTooLarge, words: []string{"more than 1 MB"}}
	return map[string]badRequest{
		"Empty":      put("nothing", "", "empty"),
		"Junk":       put("no JSON", "blueprint: small", "not valid JSON"),
		"Cut":        put("half of it", `{"blueprint_id": "sm`, "ends too early"),
		"Two":        put("two of them", `{"blueprint_id": "small"}{}`, "more than one"),
		"List":       put("a list", `["small"]`, "JSON object", "array"),
		"Null":       put("nothing, in JSON", `null`, "blueprint_id"),
		"Number":     put("a number for a text", `{"blueprint_id": 1}`, "blueprint_id", "text"),
		"Object":     put("an object for a text", `{"blueprint_id": {"id": "small"}}`, "blueprint_id", "text"),
		"UnknownKey": put("a key that means nothing", `{"blueprint_id": "small", "colour": "red"}`, "colour"),
		"Deep":       put("a hundred thousand brackets", `{"blueprint_id": "small", "inputs": `+strings.Repeat("[", 100_000), "JSON"),
		"DeepInput":  put("nine thousand brackets", `{"blueprint_id": "small", "inputs": {"size": `+strings.Repeat("[", 9000)+strings.Repeat("]", 9000)+`}}`, "size"),
		"NameBreaks": put("a name of two lines", `{"blueprint_id": "small", "display_name": "a\nb"}`, "display name"),
		"NameNUL":    put("a name with a NUL", `{"blueprint_id": "small", "display_name": "a\u0000"}`, "display name"),
		"ManyLabels": put("a thousand labels", `{"blueprint_id": "small", "labels": [`+strings.Repeat(`{"a": "b"}, `, 999)+`{"a": "b"}]}`, "labels"),
		"BadLabels":  put("a label of three", `{"blueprint_id": "small", "labels": [{"a": "b", "c": "d", "e": "f"}]}`, "label"),
		"Private":    put("what nobody else is to see", `{"blueprint_id": "small", "visibility": "private"}`, "visibility"),
		"Large":      large, "LargeForm": form,
		"AsForm":    as("as a page sends it", "application/x-www-form-urlencoded"),
		"AsText":    as("as text", "text/plain"),
		"AsNothing": as("as nothing", noType),
		"AsOdd":     as("as what no media type is", "json; charset"),
	}
}

func badQueries() map[string]badRequest {
	get := func(reason, path string, words ...string) badRequest {
		return badRequest{reason: reason, method: http.MethodGet, path: path, status: http.StatusBadRequest, words: words}
	}
	sorted := get("a column that there is not", "/executions?_sort=colour", "colour", "created_at")
	sorted.command = []string{"executions", "list", "--sort-by", "colour"}
	negative := get("fewer than none", "/deployments?_size=-1", "_size")
	negative.command = []string{"deployments", "list", "-s", "-1"}
	return map[string]badRequest{
		"Unknown":   get("a filter that means nothing", "/deployments?owner=me", "owner"),
		"Negative":  negative,
		"Huge":      get("more than there can be", "/deployments?_size=99999999999999999999", "_size"),
		"NoNumber":  get("a word for a number", "/deployments?_offset=ten", "_offset", "ten"),
		"Twice":     get("which one?", "/deployments?_size=1&_size=2", "_size", "once"),
		"NoBoolean": get("neither true nor false", "/deployments?_get_all_results=perhaps", "_get_all_results", "perhaps"),
		"Sort":      sorted,
		"SortSQL":   get("a statement for a column", "/deployments?_sort=id;DROP%20TABLE%20deployments", "escape ;"),
		"Include":   get("a field that there is not", "/deployments?_include=colour", "colour"),
		"Range":     get("a time that is none", "/events?deployment_id=one&_range=@timestamp,noon,", "noon"),
		"Events":    get("the events of what?", "/events", "execution"),
		"Kind":      get("a kind that there is not", "/events?deployment_id=one&type=rumour", "rumour"),
	}
}

func badCommandLines(t *testing.T) map[string]badRequest {
	const usage = 2
	dir := t.TempDir()
	list := filepath.Join(dir, "list.yaml")
	if err := os.WriteFile(list, []byte("- a\n- b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(dir, "none")
	say := func(reason string, exit int, words []string, command ...string) badRequest {
		return badRequest{reason: reason, command: command, exit: exit, words: words}
	}
	return map[string]badRequest{
		"NoCommand":   say("a word that there is not", usage, []string{"dance"}, "dance"),
		"NearCommand": say("a slip of the pen", usage, []string{"deploymnts", "deployments"}, "deploymnts", "list"),
		"NoVerb":      say("a verb that there is not", usage, []string{"deployments", "dance"}, "deployments", "dance"),
		"NoFlag":      say("a flag that there is not", usage, []string{"--colour", "--help"}, "deployments", "list", "--colour"),
		"NoID":        say("which one?", usage, []string{"ID"}, "deployments", "create", "-b", "small"),
		"NoBlueprint": say("of what?", usage, []string{"-b", "--blueprint-id"}, "deployments", "create", "bad"),
		"TooMany":     say("an argument too many", usage, []string{"extra"}, "deployments", "get", "one", "extra"),
		"BadInput":    say("an input without value", usage, []string{"size", "name=value"}, "deployments", "create", "bad", "-b", "small", "-i", "size"),
		"ListInput":   say("inputs without names", usage, []string{list}, "deployments", "create", "bad", "-b", "small", "-i", list),
		"BadLabel":    say("a label without value", usage, []string{"key:value"}, "deployments", "create", "bad", "-b", "small", "--labels", "oops"),
		"BadOutput":   say("an output that there is not", usage, []string{"xml", "json"}, "deployments", "list", "-o", "xml"),
		"NoFile":      say("a file that there is not", 1, []string{none, "no such file"}, "blueprints", "upload", none, "-b", "bad"),
		"NoSecret":    say("a file that there is not", 1, []string{none, "no such file"}, "secrets", "create", "k", "-f", none),
		"NoValue":     say("a secret without value", usage, []string{"value", "-f"}, "secrets", "create", "k"),
		"TwoValues":   say("a secret of two values", usage, []string{"secret-string", "secret-file"}, "secrets", "create", "k", "-s", "a", "-f", none),
		"OtherTeam":   say("a team that there is not", 1, []string{"others"}, "-t", "others", "deployments", "list"),
	}
}
