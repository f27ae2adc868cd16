package io.conversationstore.cli;

import io.conversationstore.jsonfile.DamageReport;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Shows what is wrong in a directory. */
final class DamageView {

  private DamageView() {}

  static void show(Context context, DamageReport report, boolean sound) {
    if (context.json()) {
      context.jsonLine(
          out -> {
            out.writeStringField("directory", report.directory().toString());
            out.writeBooleanField("sound", sound);
            out.writeNumberField("lines", report.lines());
            out.writeNumberField("bytes", report.bytes());
            out.writeArrayFieldStart("findings");
            for (DamageReport.Finding finding : report.findings()) {
              out.writeStartObject();
              out.writeStringField("file", finding.file());
              out.writeNumberField("offset", finding.offset());
              out.writeNumberField("length", finding.length());
              out.writeStringField("what", finding.what());
              out.writeBooleanField("harmless", finding.harmless());
              @Nullable String moved = finding.movedTo();
              if (moved != null) {
                out.writeStringField("moved_to", moved);
              }
              out.writeEndObject();
            }
            out.writeEndArray();
          });
      return;
    }
    for (DamageReport.Finding finding : report.findings()) {
      context
          .out()
          .line(
              (finding.harmless() ? "harmless  " : context.style().red("damage") + "    ")
                  + finding);
    }
    context
        .out()
        .line(
            String.format(
                Locale.ROOT,
                "%s: %,d lines, %,d bytes, %s, %s",
                report.directory(),
                report.lines(),
                report.bytes(),
                Text.count(report.findings().size(), "finding"),
                sound ? context.style().green("sound") : context.style().red("DAMAGED")));
  }
}
