package io.conversationstore.examples.chat.web;

import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** The files of the page, read once. Only these exist: no path leads anywhere else. */
final class PageFiles {

  /** Scripts and styles come from this server alone, and none stands in the page itself. */
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private static final List<String> FILES =
      List.of(
          "index.html",
          "chat.css",
          "icon.svg",
          "main.js",
          "api.js",
          "dom.js",
          "events.js",
          "list.js",
          "markdown.js",
          "messages.js",
          "state.js");

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "json", "application/json",
          "svg", "image/svg+xml");

  private PageFiles() {}

  /** The handlers by path. */
  static Map<String, Consumer<Context>> all() {
    Map<String, Consumer<Context>> all = new LinkedHashMap<>();
    for (String file : FILES) {
      all.put("/" + file.replace("index.html", ""), file("/page/" + file));
    }
    all.put("/openapi.json", file("/openapi.json"));
    return all;
  }

  private static Consumer<Context> file(String resource) {
    byte[] content = read(resource);
    String tag = Etags.tag(content);
    String type = TYPES.get(resource.substring(resource.lastIndexOf('.') + 1));
    return context -> {
      context.header("ETag", tag).header("Cache-Control", "no-cache");
      if (tag.equals(context.header("If-None-Match"))) {
        context.status(304);
      } else {
        context.contentType(String.valueOf(type)).result(content);
      }
    };
  }

  /** Headers of every response, as name and value. */
  static void protect(BiConsumer<String, String> headers) {
    headers.accept("Content-Security-Policy", POLICY);
    headers.accept("X-Content-Type-Options", "nosniff");
    headers.accept("Referrer-Policy", "no-referrer");
    headers.accept("Cross-Origin-Opener-Policy", "same-origin");
    headers.accept("Cross-Origin-Resource-Policy", "same-origin");
    headers.accept("Cache-Control", "no-store");
  }

  private static byte[] read(String resource) {
    try (InputStream in = PageFiles.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("the resource " + resource + " is missing");
      }
      return in.readAllBytes();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }
}
