"""The page as built by npm and Vite, served from memory; a plain notice where it was not built."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.problems import Problem
from api.routes import matches, tag_of

DIST = Path(__file__).parent / "web" / "dist"
FOREVER = "public, max-age=31536000, immutable"  # names of assets carry a hash of their content
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
NOT_BUILT = """<!doctype html>
<html lang="ja"><head><meta charset="utf-8"><title>災害対応デジタルツイン</title></head><body>
<h1>ページは組み込まれていません</h1>
<p>このインストールには画面がありません。APIは使えます: <a href="/openapi.json">/openapi.json</a>。
画面を作るには、Node.js を用意して <code>pip install .</code> をやり直してください。</p>
<h2 lang="en">The page was not built</h2>
<p lang="en">The API works all the same: <a href="/openapi.json">/openapi.json</a>. To build the page, make Node.js
available and run <code>pip install .</code> again.</p>
</body></html>
"""
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}


def read_files(folder: Path = DIST) -> dict[str, tuple[bytes, str]]:
    """Every file of the built page by its path below the folder: content and media type."""
    if not (folder / "index.html").is_file():
        return {"index.html": (NOT_BUILT.encode(), "text/html; charset=utf-8")}
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".map"]
    return {path.relative_to(folder).as_posix(): (path.read_bytes(), media_type(path)) for path in files}


def media_type(path: Path) -> str:
    """Media type of a file, by its ending; texts are UTF-8."""
    found = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{found}; charset=utf-8" if found.startswith("text/") else found


def page_router(folder: Path = DIST) -> APIRouter:
    """Routes of the page: `/`, `/assets/…`, and the few files beside them. No path of a request reaches the disk."""
    files = read_files(folder)
    router = APIRouter(include_in_schema=False)

    async def index(request: Request) -> Response:
        return _file(request, "index.html")

    async def asset(request: Request) -> Response:
        return _file(request, f"assets/{request.path_params['name']}")

    async def beside(request: Request) -> Response:
        return _file(request, request.url.path.lstrip("/"))

    def _file(request: Request, name: str) -> Response:
        if name not in files:
            raise Problem("not-found", "the page has no such file")
        content, kind = files[name]
        tag = tags[name]
        headers = {
            "ETag": tag,
            "Cache-Control": FOREVER if name.startswith("assets/") else "no-cache",
            "Content-Security-Policy": CSP,
        }
        if matches(request, tag):
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=kind)

    tags = {name: tag_of(content) for name, (content, _) in files.items()}
    router.add_api_route("/", index, methods=["GET", "HEAD"])
    router.add_api_route("/assets/{name:path}", asset, methods=["GET", "HEAD"])
    for name in files:
        if "/" not in name and name != "index.html":
            router.add_api_route(f"/{name}", beside, methods=["GET", "HEAD"])
    return router
