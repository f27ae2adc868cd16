package io.conversationstore.examples.chat.web;

import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.Owner;
import io.conversationstore.StoreState;
import io.conversationstore.examples.chat.ChatOptions;
import io.conversationstore.examples.chat.answers.Answers;
import io.conversationstore.examples.chat.live.Event;
import io.conversationstore.examples.chat.live.Live;
import io.conversationstore.examples.chat.live.Watch;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All routes, and what is common to them: the owner, problems, the log, the timers. */
public final class Api {

  private static final Logger log = LoggerFactory.getLogger(Api.class);
  private static final Owner NOBODY = Owner.of("none", "none");
  private static final Set<String> READS = Set.of("GET", "HEAD");

  private final Owners owners;
  private final int maxBodyBytes;
  private final MeterRegistry meters;
  private final EventServlet events;
  private final List<Route> routes = new ArrayList<>();

  /** The routes over a store. {@code metrics} prints them, {@code takesRequests} is readiness. */
  public Api(
      ConversationStore store,
      ChatOptions options,
      Answers answers,
      Live live,
      Watch watch,
      MeterRegistry meters,
      Supplier<String> metrics,
      BooleanSupplier takesRequests) {
    this.owners = new Owners(options);
    this.maxBodyBytes = options.maxBodyBytes();
    this.meters = meters;
    this.events = new EventServlet(store, owners, answers, live);
    Writes writes = new Writes();
    routes.addAll(new ConversationRoutes(store, writes, live, watch).all());
    routes.addAll(new MessageRoutes(store, writes, answers, live, watch).all());
    routes.addAll(new ForkRoutes(store, watch).all());
    routes.addAll(new AnswerRoutes(store, answers, live, watch).all());
    routes.addAll(new SearchRoutes(store).all());
    routes.addAll(new ExportRoutes(store).all());
    routes.addAll(new StateRoutes(store, takesRequests, metrics).all());
  }

  /** The routes, as the API description lists them. */
  public List<Route> routes() {
    List<Route> all = new ArrayList<>(routes);
    all.add(Route.of("GET", EventServlet.PATH, call -> {}));
    return all;
  }

  /** The event about the state of the store, as an owner may see it. */
  public static Event state(StoreState state, Owner owner) {
    return Views.state(state, owner);
  }

  /** Adds all routes to the server. */
  public void register(JavalinConfig server) {
    server.routes.before(context -> PageFiles.protect(context::header));
    server.jetty.modifyServletContextHandler(
        handler -> handler.addServlet(new ServletHolder(events), EventServlet.PATH));
    PageFiles.all().forEach((path, file) -> server.routes.get(path, file::accept));
    for (Route route : routes) {
      server.routes.addHttpHandler(
          HandlerType.findOrCreate(route.method()),
          route.path(),
          context -> handle(route, context));
    }
    server.routes.exception(Problem.class, (problem, context) -> refuse(context, problem));
    server.routes.exception(
        ConversationStoreException.class,
        (refused, context) -> {
          Problem problem = Problem.of(refused);
          if (problem.status() == 500) {
            unexpected(context, refused);
          } else {
            refuse(context, problem);
          }
        });
    server.routes.exception(
        IllegalArgumentException.class,
        (invalid, context) ->
            refuse(context, Problem.invalid(String.valueOf(invalid.getMessage()))));
    server.routes.exception(Exception.class, (failed, context) -> unexpected(context, failed));
    server.routes.error(
        404,
        context -> {
          if (context.result() == null || !isProblem(context)) {
            refuse(context, new Problem(404, "no-such-route", "There is nothing at this path."));
          }
        });
    server.routes.error(
        405,
        context ->
            refuse(
                context,
                new Problem(405, "no-such-method", "This path does not know this method.")));
  }

  private static boolean isProblem(Context context) {
    return Problem.CONTENT_TYPE.equals(context.res().getContentType());
  }

  private void handle(Route route, Context context) throws Exception {
    Timer.Sample sample = Timer.start(meters);
    long start = System.nanoTime();
    try {
      Owner owner = route.open() ? NOBODY : owners.of(context::header);
      refuseOtherSites(route, context);
      route.handler().handle(new Call(context, owner, maxBodyBytes));
    } finally {
      sample.stop(meters.timer("chat.requests", "method", route.method(), "route", route.path()));
      log.atDebug()
          .addKeyValue("method", route.method())
          .addKeyValue("route", route.path())
          .addKeyValue("micros", (System.nanoTime() - start) / 1_000)
          .log("request");
    }
  }

  /** A browser says where a request comes from; a write from a page of another site is refused. */
  private static void refuseOtherSites(Route route, Context context) {
    String site = context.header("Sec-Fetch-Site");
    if (!READS.contains(route.method())
        && site != null
        && !site.equals("same-origin")
        && !site.equals("none")) {
      throw new Problem(403, "other-site", "Writes come from pages of this server only.");
    }
  }

  private static void refuse(Context context, Problem problem) {
    if (problem.isTemporary()) {
      context.header("Retry-After", "1");
    }
    context.status(problem.status()).contentType(Problem.CONTENT_TYPE).result(problem.json());
  }

  private static void unexpected(Context context, Exception failed) {
    String reference = UUID.randomUUID().toString();
    log.error("request failed, reference {}", reference, failed);
    refuse(
        context,
        new Problem(500, "internal", "Look for " + reference + " in the log of the server."));
  }
}
