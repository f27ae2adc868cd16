package io.conversationstore.jsonfile.internal.apply;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.Owner;
import io.conversationstore.json.Json;
import io.conversationstore.jsonfile.internal.format.Micros;
import io.conversationstore.jsonfile.internal.index.ErasureCounts;
import io.conversationstore.jsonfile.internal.index.Index;
import io.conversationstore.jsonfile.internal.index.OwnerRows;
import io.conversationstore.jsonfile.internal.index.PendingQueue;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeJson;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.LocalStore.Mirrored;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.StateJson;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The payloads of lines as JSON; see docs/format-jsonfile.md. Thread-safe. */
public final class LinePayloads {
  private LinePayloads() {}

  public static byte[] change(Change change) {
    return Json.bytes(out -> ChangeJson.write(out, change));
  }

  public static byte[] row(State state) {
    return Json.bytes(out -> StateJson.write(out, state));
  }

  public static byte[] feed(@Nullable FeedPosition position, @Nullable Instant asOf) {
    return Json.bytes(
        out -> {
          out.writeStartObject();
          if (position != null) {
            out.writeStringField("position", position.token());
          }
          if (asOf != null) {
            out.writeStringField("as_of", Json.time(asOf));
          }
          out.writeEndObject();
        });
  }

  public static byte[] settlements(List<Settlement> settlements) {
    return Json.bytes(
        out -> {
          out.writeStartArray();
          for (Settlement settlement : settlements) {
            out.writeStartObject();
            out.writeStringField("id", settlement.changeId().toString());
            out.writeStringField("kind", settlement.kind().name().toLowerCase(Locale.ROOT));
            out.writeNumberField("epoch", settlement.epoch());
            out.writeObjectFieldStart("generations");
            for (Map.Entry<String, Long> known : settlement.generations().entrySet()) {
              out.writeNumberField(known.getKey(), known.getValue());
            }
            out.writeEndObject();
            Instant landedAt = settlement.landedAt();
            if (landedAt != null) {
              out.writeStringField("landed_at", Json.time(landedAt));
            }
            out.writeStringField("reason", settlement.reason());
            out.writeStringField("at", Json.time(settlement.at()));
            out.writeEndObject();
          }
          out.writeEndArray();
        });
  }

  public static Settlement readSettlement(JsonNode json) {
    return new Settlement(
        Json.uuid(json, "id"),
        Settlement.Kind.valueOf(Json.string(json, "kind").toUpperCase(Locale.ROOT)),
        Json.number(json, "epoch", -1),
        generations(json.path("generations")),
        json.has("landed_at") ? Json.time(json, "landed_at") : null,
        Json.string(json, "reason"),
        Json.time(json, "at"));
  }

  private static Map<String, Long> generations(JsonNode json) {
    Map<String, Long> generations = new HashMap<>();
    for (Map.Entry<String, JsonNode> known : json.properties()) {
      generations.put(known.getKey(), known.getValue().asLong());
    }
    return generations;
  }

  public static byte[] owner(OwnerRows owner) {
    return Json.bytes(
        out -> {
          out.writeStartObject();
          out.writeStringField("tenant_id", owner.owner().tenantId());
          out.writeStringField("user_id", owner.owner().userId());
          out.writeNumberField("epoch", owner.epoch());
          out.writeArrayFieldStart("erasures");
          for (var entry : owner.erasures().entrySet()) {
            ErasureCounts erasure = entry.getValue();
            out.writeStartObject();
            out.writeStringField("id", entry.getKey().toString());
            writeFields(out, erasure);
            out.writeEndObject();
          }
          out.writeEndArray();
          out.writeEndObject();
        });
  }

  private static void writeFields(JsonGenerator out, ErasureCounts erasure) throws IOException {
    out.writeStringField("at", Json.time(Micros.instant(erasure.atMicros())));
    out.writeNumberField("conversations", erasure.conversations());
    out.writeNumberField("messages", erasure.messages());
  }

  /** The removal counts of an erasure, as an object. */
  public static String erasure(ErasureCounts erasure) {
    return Json.text(
        out -> {
          out.writeStartObject();
          writeFields(out, erasure);
          out.writeEndObject();
        });
  }

  static ErasureCounts readErasure(JsonNode json) {
    return new ErasureCounts(
        Micros.of(Json.time(json, "at")),
        Json.number(json, "conversations", 0),
        Json.number(json, "messages", 0));
  }

  public static byte[] mirrored(List<Mirrored> conversations) {
    return Json.bytes(
        out -> {
          out.writeStartArray();
          for (Mirrored conversation : conversations) {
            out.writeStartObject();
            out.writeStringField("tenant_id", conversation.owner().tenantId());
            out.writeStringField("user_id", conversation.owner().userId());
            out.writeStringField("id", conversation.conversationId());
            out.writeNumberField("epoch", conversation.epoch());
            out.writeNumberField("generation", conversation.generation());
            out.writeEndObject();
          }
          out.writeEndArray();
        });
  }

  /** An unmet conversation that has met the database, without the data of its header. */
  public record MetLine(
      Owner owner, String id, long epoch, long generation, List<LocalStore.Placed> places) {

    public static MetLine of(LocalStore.Met met) {
      ConversationState header = met.header();
      return new MetLine(
          header.owner(), header.id(), header.epoch(), header.generation(), met.messages());
    }

    public void putInto(Index index) {
      index.met(owner, id, epoch, generation, places);
    }
  }

  public static byte[] met(MetLine met) {
    return Json.bytes(
        out -> {
          out.writeStartArray();
          out.writeStartObject();
          out.writeStringField("tenant_id", met.owner().tenantId());
          out.writeStringField("user_id", met.owner().userId());
          out.writeStringField("id", met.id());
          out.writeNumberField("epoch", met.epoch());
          out.writeNumberField("generation", met.generation());
          out.writeArrayFieldStart("messages");
          for (LocalStore.Placed place : met.places()) {
            out.writeStartArray();
            out.writeNumber(place.from());
            out.writeNumber(place.to());
            out.writeNumber(place.count());
            out.writeNumber(place.version());
            Instant createdAt = place.createdAt();
            Instant editedAt = place.editedAt();
            if (createdAt != null) {
              out.writeString(Json.time(createdAt));
            }
            if (createdAt != null && editedAt != null) {
              out.writeString(Json.time(editedAt));
            }
            out.writeEndArray();
          }
          out.writeEndArray();
          out.writeEndObject();
          out.writeEndArray();
        });
  }

  static MetLine readMet(JsonNode json) {
    Mirrored conversation = readMirrored(json);
    List<LocalStore.Placed> places = new ArrayList<>();
    for (JsonNode place : Json.array(json, "messages")) {
      places.add(
          new LocalStore.Placed(
              place.path(0).asLong(),
              place.path(1).asLong(),
              place.path(2).asLong(),
              place.path(3).asLong(),
              place.size() > 4 ? Json.time("met", place.path(4).asText()) : null,
              place.size() > 5 ? Json.time("met", place.path(5).asText()) : null));
    }
    return new MetLine(
        conversation.owner(),
        conversation.conversationId(),
        conversation.epoch(),
        conversation.generation(),
        places);
  }

  static Mirrored readMirrored(JsonNode json) {
    return new Mirrored(
        Owner.of(Json.string(json, "tenant_id"), Json.string(json, "user_id")),
        Json.string(json, "id"),
        Json.number(json, "epoch", 0),
        Json.number(json, "generation", 0));
  }

  /** The data of a change that left the queue, as far as later changes depend on it. */
  public static String ended(PendingQueue.Entry entry) {
    return Json.text(
        out -> {
          out.writeStartObject();
          out.writeStringField("id", entry.id().toString());
          out.writeStringField("tenant_id", entry.owner().tenantId());
          out.writeStringField("user_id", entry.owner().userId());
          out.writeNumberField("epoch", entry.madeEpoch());
          out.writeStringField("time", Json.time(entry.time()));
          out.writeBooleanField("creates_anyway", entry.createsAnyway());
          out.writeBooleanField("deletes", entry.deletes());
          out.writeBooleanField("preferences", entry.preferences());
          out.writeArrayFieldStart("ids");
          for (String id : entry.conversations()) {
            out.writeString(id);
          }
          out.writeEndArray();
          out.writeArrayFieldStart("created");
          for (String id : entry.created()) {
            out.writeString(id);
          }
          out.writeEndArray();
          out.writeEndObject();
        });
  }

  static PendingQueue.Entry readEnded(JsonNode json) {
    return new PendingQueue.Entry(
        Json.uuid(json, "id"),
        Owner.of(Json.string(json, "tenant_id"), Json.string(json, "user_id")),
        Json.array(json, "ids").stream()
            .map(JsonNode::asText)
            .collect(Collectors.toCollection(LinkedHashSet::new)),
        Json.array(json, "created").stream()
            .map(JsonNode::asText)
            .collect(Collectors.toUnmodifiableSet()),
        Json.bool(json, "creates_anyway"),
        Map.of(),
        false,
        Json.bool(json, "deletes"),
        Json.bool(json, "preferences"),
        Json.time(json, "time"),
        PendingQueue.NOWHERE,
        Json.number(json, "epoch", 0),
        PendingQueue.UNCHANGED,
        Json.time(json, "time"),
        Map.of());
  }

  /** The last line that a replacement line of a repair stands for; or 0. */
  public static long lostThrough(JsonNode line) {
    JsonNode lost = Json.field(line, "lost");
    return lost == null ? 0 : Json.number(lost, "through", 0);
  }

  /** Whether the rows of a reset mirror are kept for now. */
  public static byte[] reset(boolean keep) {
    return Json.bytes(
        out -> {
          out.writeStartObject();
          out.writeBooleanField("keep", keep);
          out.writeEndObject();
        });
  }

  static boolean readReset(JsonNode reset) {
    return reset.path("keep").booleanValue();
  }

  public static byte[] meta(boolean standalone, Set<UUID> recent) {
    return Json.bytes(
        out -> {
          out.writeStartObject();
          out.writeBooleanField("standalone", standalone);
          out.writeArrayFieldStart("recent");
          for (UUID id : recent) {
            out.writeString(id.toString());
          }
          out.writeEndArray();
          out.writeEndObject();
        });
  }
}
