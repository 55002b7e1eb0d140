"""The ctx client: see the comment in the file ctx beside this one."""
import base64
import http.client
import json
import os
import socket
import sys
import tempfile
import time

PATIENCE = 120  # seconds that nobody may listen: Slipway restarts


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("ctx", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def connect(timeout):
    url = os.environ["CTX_SOCKET_URL"]
    if url.startswith("unix:"):
        return UnixConnection(url[len("unix:"):], timeout)
    return http.client.HTTPConnection(url.split("//")[1], timeout=timeout)


def post(body, timeout):
    connection = connect(timeout)
    connection.request("POST", "/", body, {
        "Authorization": "Bearer " + os.environ["CTX_TOKEN"], "Content-Type": "application/json"})
    response = connection.getresponse()
    return response.status, response.read().decode()


def ask(args, timeout=30):
    # Asking twice is safe: Slipway takes a repeated request as the same one.
    until = time.monotonic() + PATIENCE
    while True:
        try:
            status, body = post(json.dumps({"args": args}), timeout)
            if status != 503:
                break
            failure = body.strip()
        except (OSError, http.client.HTTPException) as error:
            failure = error
        if time.monotonic() > until:
            sys.exit("ctx: nobody answers: %s" % failure)
        time.sleep(1)
    if status != 200:
        sys.exit("ctx: " + body.strip())
    reply = json.loads(body)
    if reply["type"] != "result":
        sys.exit(reply["payload"]["message"])
    return reply["payload"]


def save(resource):
    path = resource["destination"] or os.path.join(tempfile.mkdtemp(), resource["resource_name"])
    with open(path, "wb") as out:
        out.write(base64.b64decode(resource["content_base64"]))
    return path


def argument(word):
    if not word.startswith("@"):
        return word
    try:
        return json.loads(word[1:])
    except ValueError:
        sys.exit("ctx: an argument that starts with @ is not JSON")


def main(words):
    as_json, from_stdin, timeout = False, False, 30
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option in ("-j", "--json-output"):
            as_json = True
        elif option == "--stdin":
            from_stdin = True
        elif option in ("-t", "--timeout") and words:
            timeout = float(words.pop(0))
        else:
            sys.exit("ctx: unknown option " + option)
    if from_stdin:
        words.append(sys.stdin.read())
    payload = ask([argument(word) for word in words], timeout)
    if isinstance(payload, dict) and "content_base64" in payload:
        payload = save(payload)
    if as_json:
        sys.stdout.write(json.dumps(payload))
    elif payload:
        sys.stdout.write(json.dumps(payload) if isinstance(payload, (dict, list)) else str(payload))


if __name__ == "__main__":
    main(sys.argv[1:])
