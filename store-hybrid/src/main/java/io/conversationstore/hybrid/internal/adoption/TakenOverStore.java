package io.conversationstore.hybrid.internal.adoption;

import io.conversationstore.AppendCondition;
import io.conversationstore.Appended;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.ErasureReceipt;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.Page;
import io.conversationstore.Preferences;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.SearchHit;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoreOperator;
import io.conversationstore.StoreState;
import io.conversationstore.StoredMessage;
import io.conversationstore.ToolQuery;
import io.conversationstore.transfer.Takeover;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * A store with a present or former imported file beside it. Erasing the file's owner removes the
 * file too, because afterwards the directory must hold none of that owner's data. Delegates
 * everything else. Thread-safe.
 */
public final class TakenOverStore implements ConversationStore {

  private final ConversationStore store;
  private final Owner fileOwner;
  private final Path directory;

  public TakenOverStore(ConversationStore store, Owner fileOwner, Path directory) {
    this.store = store;
    this.fileOwner = fileOwner;
    this.directory = directory;
  }

  /** The file is removed last: until this returns, the erasure must be repeated anyway. */
  @Override
  public ErasureReceipt erase(Owner owner) {
    ErasureReceipt receipt = store.erase(owner);
    if (owner.equals(fileOwner)) {
      Takeover.forget(directory);
    }
    return receipt;
  }

  @Override
  public Conversation create(Owner owner, NewConversation conversation) {
    return store.create(owner, conversation);
  }

  @Override
  public Conversation createIfAbsent(Owner owner, NewConversation conversation) {
    return store.createIfAbsent(owner, conversation);
  }

  @Override
  public Appended append(
      Owner owner, NewConversation ifAbsent, List<Message> turn, AppendCondition condition) {
    return store.append(owner, ifAbsent, turn, condition);
  }

  @Override
  public Optional<Conversation> find(Owner owner, String conversationId) {
    return store.find(owner, conversationId);
  }

  @Override
  public Page<SearchHit> search(Owner owner, SearchQuery query) {
    return store.search(owner, query);
  }

  @Override
  public Page<StoredMessage> messagesByTool(Owner owner, ToolQuery query) {
    return store.messagesByTool(owner, query);
  }

  @Override
  public Page<Conversation> list(Owner owner, ConversationQuery query) {
    return store.list(owner, query);
  }

  @Override
  public Conversation update(Owner owner, String conversationId, ConversationUpdate update) {
    return store.update(owner, conversationId, update);
  }

  @Override
  public boolean delete(Owner owner, String conversationId) {
    return store.delete(owner, conversationId);
  }

  @Override
  public List<StoredMessage> append(
      Owner owner, String conversationId, List<Message> turn, AppendCondition condition) {
    return store.append(owner, conversationId, turn, condition);
  }

  @Override
  public Optional<StoredMessage> findMessage(Owner owner, String conversationId, UUID messageId) {
    return store.findMessage(owner, conversationId, messageId);
  }

  @Override
  public Page<StoredMessage> messages(Owner owner, String conversationId, MessageQuery query) {
    return store.messages(owner, conversationId, query);
  }

  @Override
  public Page<StoredMessage> history(Owner owner, MessageQuery query) {
    return store.history(owner, query);
  }

  @Override
  public StoredMessage edit(Owner owner, String conversationId, UUID messageId, MessageEdit edit) {
    return store.edit(owner, conversationId, messageId, edit);
  }

  @Override
  public boolean deleteMessage(Owner owner, String conversationId, UUID messageId) {
    return store.deleteMessage(owner, conversationId, messageId);
  }

  @Override
  public ConversationDocument read(Owner owner, String conversationId) {
    return store.read(owner, conversationId);
  }

  @Override
  public void save(Owner owner, List<ConversationDocument> documents) {
    store.save(owner, documents);
  }

  @Override
  public Conversation fork(Owner owner, String conversationId, UUID through, NewConversation fork) {
    return store.fork(owner, conversationId, through, fork);
  }

  @Override
  public Preferences preferences(Owner owner) {
    return store.preferences(owner);
  }

  @Override
  public Preferences updatePreferences(Owner owner, PreferencesUpdate update) {
    return store.updatePreferences(owner, update);
  }

  @Override
  public OwnerCounts count(Owner owner) {
    return store.count(owner);
  }

  @Override
  public StoreOperator operator() {
    return store.operator();
  }

  @Override
  public StoreState state() {
    return store.state();
  }

  @Override
  public AutoCloseable onStateChange(Consumer<StoreState> listener) {
    return store.onStateChange(listener);
  }

  @Override
  public void close() {
    store.close();
  }
}
