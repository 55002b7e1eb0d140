package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// profile is a server that the client remembers.
type profile struct {
	URL       string `json:"url"`
	Tenant    string `json:"tenant,omitempty"`
	TokenFile string `json:"token_file,omitempty"`
	User      string `json:"user,omitempty"`
	Password  string `json:"password,omitempty"`
}

// remembers reports whether the profile says as whom to ask.
func (p profile) remembers() bool { return p.User != "" || p.TokenFile != "" }

func (p profile) credentials() (credentials, error) {
	if p.User != "" {
		return credentials{user: p.User, password: p.Password, origin: fmt.Sprintf("user %s of the profile", p.User)}, nil
	}
	return fromFile(p.TokenFile, "the token in "+p.TokenFile+" (from the profile)")
}

// profileFile is the document on disk, readable by its user only.
type profileFile struct {
	Current  string             `json:"current"` // a URL
	Profiles map[string]profile `json:"profiles"`
}

func currentProfile() (profile, error) {
	file, err := readProfiles()
	return file.Profiles[file.Current], err
}

func readProfiles() (profileFile, error) {
	empty := profileFile{Profiles: map[string]profile{}}
	path, err := profilesPath()
	if err != nil {
		return empty, nil //nolint:nilerr // without a home there are no profiles
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return empty, nil
	}
	if err != nil {
		return empty, fmt.Errorf("read profiles: %w", err)
	}
	file := empty
	if err := json.Unmarshal(text, &file); err != nil {
		return empty, fmt.Errorf("the profiles in %s cannot be read: %w; mend the file or delete it", path, err)
	}
	return file, nil
}

func writeProfiles(file profileFile) error {
	path, err := profilesPath()
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return fmt.Errorf("write profiles: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write profiles: %w", err)
	}
	// A new file, moved into place, has our mode even where an old one was open to others.
	temporary := path + ".new"
	if err := os.WriteFile(temporary, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("write profiles: %w", err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("write profiles: %w", err)
	}
	return nil
}

func (c *cli) profiles() *cobra.Command {
	return group("profiles", "Remember servers", `Remember servers, so that commands need no settings. Profiles are kept in the
user's configuration folder, in a file that only the user may read. The
SLIPWAY_ variables win over the profile in use.`, c.profilesUse(), c.profilesList())
}

func (c *cli) profilesUse() *cobra.Command {
	var next profile
	command := &cobra.Command{
		Use: "use URL", Short: "Ask a server and remember it", Args: takes("URL"),
		Long: `Ask a server whether it is there and knows these credentials, then remember it
and use it from now on. With -u the password is asked for, or read as one line
from standard input: on the command line everybody on this machine would see it.`,
		Example: `  slipway profiles use http://127.0.0.1:8080 --token-file var/admin-token
  slipway profiles use https://slipway.example.com -u maria -t platform`,
		RunE: func(command *cobra.Command, args []string) error {
			return c.useProfile(command, args[0], next)
		},
	}
	flags := command.Flags()
	flags.StringVarP(&next.User, "manager-username", "u", "", "sign in as this user")
	flags.StringVar(&next.TokenFile, "token-file", "", "file that holds a token; it is read at each command")
	command.MarkFlagsMutuallyExclusive("manager-username", "token-file")
	return command
}

func (c *cli) useProfile(command *cobra.Command, address string, next profile) error {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	parsed, err := parseURL(address)
	if err != nil {
		return usage(command, "%v", err)
	}
	next.URL, next.Tenant = parsed.String(), c.tenant
	file, err := readProfiles()
	if err != nil {
		return err
	}
	if next, err = c.complete(next, file.Profiles[next.URL]); err != nil {
		return err
	}
	tried, err := next.tried(parsed)
	if err != nil {
		return err
	}
	asking := newClient(settings{url: parsed, tenant: firstOf(next.Tenant, defaultTenant), credentials: tried})
	if err := asking.get(command.Context(), "/status", nil, &struct{}{}); err != nil {
		return err
	}
	file.Profiles[next.URL], file.Current = next, next.URL
	if err := writeProfiles(file); err != nil {
		return err
	}
	return c.say("Using %s, team %s", next.URL, asking.tenant)
}

// complete adds what the command line leaves open: the password, or, where it
// names nobody, what is known of this server.
func (c *cli) complete(next, known profile) (_ profile, err error) {
	if !next.remembers() {
		next.User, next.Password, next.TokenFile = known.User, known.Password, known.TokenFile
		next.Tenant = firstOf(next.Tenant, known.Tenant)
		return next, nil
	}
	if next.User != "" {
		next.Password, err = c.askPassword(next.User)
		return next, err
	}
	if next.TokenFile, err = filepath.Abs(next.TokenFile); err != nil {
		return next, fmt.Errorf("find token file: %w", err)
	}
	return next, nil
}

// tried are the credentials to try before a profile is remembered: its own.
// Variables win over them later, and would prove nothing here.
func (p profile) tried(server *url.URL) (credentials, error) {
	if p.remembers() {
		return p.credentials()
	}
	return findCredentials(server, p)
}

// askPassword reads a password without showing it, or one line where nobody
// types.
func (c *cli) askPassword(user string) (string, error) {
	if file, ok := c.in.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		c.notice("Password of %s: ", user)
		password, err := term.ReadPassword(int(file.Fd()))
		c.notice("\n")
		if err != nil {
			return "", fmt.Errorf("read password: %w", err)
		}
		return string(password), nil
	}
	line, err := bufio.NewReader(c.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read password: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errors.New("no password was given; type it when asked, or pipe it in as one line")
	}
	return line, nil
}

func (c *cli) profilesList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List remembered servers", Args: takes(),
		RunE: func(*cobra.Command, []string) error {
			file, err := readProfiles()
			if err != nil {
				return err
			}
			rows := []map[string]any{}
			for _, key := range sortedKeys(file.Profiles) {
				p := file.Profiles[key]
				rows = append(rows, map[string]any{
					"url": p.URL, "tenant": firstOf(p.Tenant, defaultTenant), "user": p.User,
					"token_file": p.TokenFile, "in_use": key == file.Current,
				})
			}
			if c.output.json {
				return c.printObject(rows)
			}
			return c.printTable("Profiles", columns("url", "tenant", "user", "token_file", "in_use"), rows)
		},
	}
}
