package blueprints

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// TypesFor returns the bundled type file that an import location means in a
// blueprint of a DSL version, such as "cloudify_dsl_1_3", and the file's name
// for diagnostics. That version chooses among the built-in types, because a
// blueprint may not use what is newer than itself, whatever it imports; where it
// is not known (""), the product version in the location does.
//
// It knows:
//
//   - http(s)://cloudify.co/spec/cloudify/<version>/types.yaml, also at
//     getcloudify.org and with www, and cloudify/types/types.yaml;
//   - plugin:<package>, whatever version it asks for;
//   - the places where plugin.yaml files of those packages were published:
//     …/spec/<name>-plugin/<version>/plugin.yaml, and files of the plugins'
//     repositories and releases.
func TypesFor(location, dslVersion string) (text, name string, ok bool) {
	file, ok := typeFile(location, dslVersion)
	if !ok {
		return "", "", false
	}
	return mustRead("types/" + file), "types/" + file, true
}

// pluginFiles maps a plugin's package to its type file.
var pluginFiles = map[string]string{
	"cloudify-aws-plugin":        "aws.yaml",
	"cloudify-azure-plugin":      "azure.yaml",
	"cloudify-kubernetes-plugin": "kubernetes.yaml",
	"cloudify-fabric-plugin":     "fabric.yaml",
	"cloudify-terraform-plugin":  "terraform.yaml",
	"cloudify-utilities-plugin":  "utilities.yaml",
	"slipway-native":             "slipway.yaml",
}

// Packages lists the plugin packages that have bundled types, sorted.
func Packages() []string {
	names := make([]string, 0, len(pluginFiles))
	for name := range pluginFiles {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// EveryType is a blueprint that imports the newest built-in types and those of
// every plugin, for what wants to know all types there are.
func EveryType() string {
	var b strings.Builder
	b.WriteString("tosca_definitions_version: cloudify_dsl_1_5\nimports:\n  - http://cloudify.co/spec/cloudify/7.0.0/types.yaml\n")
	for _, name := range Packages() {
		b.WriteString("  - plugin:" + name + "\n")
	}
	return b.String()
}

// localTypes is a path in the original server's own folder.
var localTypes = regexp.MustCompile(`^/?cloudify/types/types(?:_(1_[345]))?\.yaml$`)

func typeFile(location, dslVersion string) (string, bool) {
	if spec, ok := strings.CutPrefix(location, "plugin:"); ok {
		name, _, _ := strings.Cut(spec, "?")
		file, ok := pluginFiles[strings.TrimSpace(name)]
		return file, ok
	}
	if match := localTypes.FindStringSubmatch(location); match != nil {
		if match[1] != "" {
			return "types_" + match[1] + ".yaml", true
		}
		return builtinFile("", dslVersion), true
	}
	address, err := url.Parse(location)
	if err != nil || (address.Scheme != "http" && address.Scheme != "https") {
		return "", false
	}
	segments := strings.Split(strings.Trim(path.Clean(address.Path), "/"), "/")
	switch strings.TrimPrefix(address.Hostname(), "www.") {
	case "cloudify.co", "getcloudify.org":
		return specFile(segments, dslVersion)
	case "github.com", "raw.githubusercontent.com":
		return repositoryFile(segments)
	default:
		return "", false
	}
}

// specFile finds spec/cloudify/<version>/types.yaml and
// spec/<name>-plugin/<version>/plugin.yaml.
func specFile(segments []string, dslVersion string) (string, bool) {
	if len(segments) != 4 || segments[0] != "spec" {
		return "", false
	}
	what, version, file := segments[1], segments[2], segments[3]
	if what == "cloudify" {
		return builtinFile(version, dslVersion), file == "types.yaml"
	}
	found, ok := pluginFiles["cloudify-"+what]
	return found, ok && isPluginYAML(file)
}

// repositoryFile finds a plugin's YAML file in its repository or among the
// files of a release: owner, repository, and whatever leads to the file.
func repositoryFile(segments []string) (string, bool) {
	if len(segments) < 4 || (segments[0] != "cloudify-cosmo" && segments[0] != "cloudify-incubator") {
		return "", false
	}
	found, ok := pluginFiles[segments[1]]
	return found, ok && isPluginYAML(segments[len(segments)-1])
}

// pluginYAML matches plugin.yaml, plugin_1_4.yaml and v2_plugin.yaml.
var pluginYAML = regexp.MustCompile(`^(?:v\d+_)?plugin(?:_1_\d)?\.yaml$`)

func isPluginYAML(file string) bool { return pluginYAML.MatchString(file) }

// builtinFile chooses among the built-in types: by the DSL version when it is
// known, else by the product version that the location names (5 came with DSL
// 1_3, 6 with 1_4, 7 with 1_5), else the oldest, which every blueprint may use.
func builtinFile(productVersion, dslVersion string) string {
	if minor, ok := strings.CutPrefix(dslVersion, "cloudify_dsl_1_"); ok {
		switch minor {
		case "4", "5":
			return "types_1_" + minor + ".yaml"
		default:
			return "types_1_3.yaml"
		}
	}
	major, _, _ := strings.Cut(productVersion, ".")
	switch number, err := strconv.Atoi(major); {
	case err != nil || number < 6:
		return "types_1_3.yaml"
	case number == 6:
		return "types_1_4.yaml"
	default:
		return "types_1_5.yaml"
	}
}
