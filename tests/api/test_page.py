"""The page from memory, and the notice where it was not built."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api import problems
from api.page import page_router


def client_of(folder):
    app = FastAPI(redirect_slashes=False)
    app.state.settings = None
    problems.install(app)
    app.include_router(page_router(folder))
    return TestClient(app)


@pytest.fixture
def built(tmp_path):
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>頁</title>")
    (folder / "icon.svg").write_text("<svg/>")
    (folder / "assets" / "main-1a2b.js").write_text("1")
    (folder / "assets" / "main-1a2b.js.map").write_text("{}")
    (tmp_path / "secret.txt").write_text("secret")
    return client_of(folder)


def test_files_come_with_type_tag_and_policy(built):
    index, script = built.get("/"), built.get("/assets/main-1a2b.js")
    assert index.headers["content-type"] == "text/html; charset=utf-8"
    assert "頁" in index.text
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in script.headers["cache-control"]
    assert index.headers["cache-control"] == "no-cache"
    assert built.get("/icon.svg").headers["content-type"] == "image/svg+xml"
    assert built.get("/", headers={"if-none-match": index.headers["etag"]}).status_code == 304
    assert built.head("/").content == b""
    policy = index.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none.js",
        "/assets/main-1a2b.js.map",
        "/assets/",
        "/assets/../index.html/x",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/secret.txt",
        "/index.html",
    ],
)
def test_nothing_else_is_served(built, path):
    assert built.get(path).status_code == 404


def test_without_a_build_there_is_a_notice_in_both_languages(tmp_path):
    answer = client_of(tmp_path).get("/")
    assert answer.status_code == 200
    assert "ページは組み込まれていません" in answer.text
    assert "The page was not built" in answer.text
