"""Stands in for the OpenAI library, which is not installed here: the same names, addresses, headers and events."""

import json
import urllib.request


class Data:
    def __init__(self, value):
        self.__dict__.update({name: wrap(item) for name, item in value.items()})

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return None


def wrap(value):
    if isinstance(value, dict):
        return Data(value)
    return [wrap(item) for item in value] if isinstance(value, list) else value


def events(url, headers, body):
    data = json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json", **headers})
    with urllib.request.urlopen(request) as response:
        for line in response:
            text = line.decode().strip()
            if text.startswith("data: ") and text != "data: [DONE]":
                yield wrap(json.loads(text[6:]))


class Resource:
    def __init__(self, client, path):
        self.client, self.path = client, path

    def create(self, **body):
        assert body.pop("stream") is True
        headers = {"authorization": f"Bearer {self.client.api_key}"}
        return events(f"{self.client.base_url}/{self.path}", headers, {**body, "stream": True})


class OpenAI:
    def __init__(self, base_url, api_key):
        self.base_url, self.api_key = base_url.rstrip("/"), api_key
        self.responses = Resource(self, "responses")
        self.chat = Data({})
        self.chat.completions = Resource(self, "chat/completions")
