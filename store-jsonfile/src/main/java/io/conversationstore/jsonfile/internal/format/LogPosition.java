package io.conversationstore.jsonfile.internal.format;

/** A position between two lines, in a segment; {@code number} is that of the line before it. */
public record LogPosition(int segment, long offset, long number) {}
