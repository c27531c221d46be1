"""Stands in for the Anthropic library, which is not installed here: the same names, addresses, headers and events."""

from openai import events


class Stream:
    def __init__(self, client, body):
        headers = {"x-api-key": client.api_key, "anthropic-version": "2023-06-01"}
        self.events = events(f"{client.base_url}/v1/messages", headers, {**body, "stream": True})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    @property
    def text_stream(self):
        for event in self.events:
            if event.type == "error":
                raise RuntimeError(event.error.message)
            if event.type == "content_block_delta" and event.delta.type == "text_delta":
                yield event.delta.text


class Messages:
    def __init__(self, client):
        self.client = client

    def stream(self, **body):
        return Stream(self.client, body)


class Anthropic:
    def __init__(self, base_url, api_key):
        self.base_url, self.api_key = base_url.rstrip("/"), api_key
        self.messages = Messages(self)
