using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Accounts;

/// <summary>Every living token, in memory, so that checking one touches no disk. It follows the store.</summary>
public sealed class TokenIndex(TimeProvider clock, Restores? restores = null) : IStoreObserver
{
    private const string Scheme = "Bearer ";
    private const int TextLength = 43;

    private readonly ConcurrentDictionary<string, Entry> _tokens = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<long, byte> _blocked = new();

    // Bounded, for a slow disk must not cost memory; what does not fit is written at the next day's use.
    private readonly Channel<(string Hash, DateTimeOffset At)> _uses = Channel.CreateBounded<(string, DateTimeOffset)>(
        new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropWrite });

    private static readonly TimeSpan LongestReading = TimeSpan.FromSeconds(2);

    // Whoever invents tokens makes the store read no more than this at a time.
    private readonly SemaphoreSlim _readings = new(4);
    private IStore? _store;

    /// <summary>Uses of tokens that are worth writing, at most one a day for each: the token's hash, and when it was used.</summary>
    public ChannelReader<(string Hash, DateTimeOffset At)> UsesWorthWriting => _uses.Reader;

    /// <summary>
    /// The rider of an `Authorization` header: a living token with or without `Bearer ` before it. Null when there is none,
    /// or an operator has blocked the rider.
    /// </summary>
    public Caller? Find(ReadOnlySpan<char> authorization)
    {
        var text = TextOf(authorization);
        if (text.Length != TextLength || Lookup(text) is not { } entry)
            return null;
        var now = clock.GetUtcNow();
        if (!entry.IsAlive(now) || IsRefused(entry.IssuedAt) || _blocked.ContainsKey(entry.Caller.UserId))
            return null;
        if (entry.Use(now))
            _uses.Writer.TryWrite((entry.Caller.TokenHash, now));
        return entry.Caller;
    }

    /// <summary>
    /// The same for a token that another node has issued a moment ago, so that the word of it is still on its way: it is read
    /// from the store, for this call alone. Null as well where no store is shared.
    /// </summary>
    /// <exception cref="StoreUnavailableException">Too many ask.</exception>
    public async Task<Caller?> FindElsewhereAsync(string authorization)
    {
        if (_store is not { IsShared: true } store || TextOf(authorization) is not { Length: TextLength } text)
            return null;
        var hash = Token.HashOf(text.ToString());
        if (!await _readings.WaitAsync(LongestReading))
            throw new StoreUnavailableException("Too many unknown tokens are looked for.");
        try
        {
            return await store.RunAsync(async tx =>
                await tx.GetAsync(AccountTables.Tokens, hash) is { } token && token.IsAlive(tx.Now) && !IsRefused(token.IssuedAt)
                && await tx.GetAsync(AccountTables.Users, AccountTables.Key(token.UserId)) is { Blocked: false }
                    ? new Caller(token.UserId, hash)
                    : null);
        }
        finally
        {
            _readings.Release();
        }
    }

    /// <inheritdoc/>
    public async Task LoadAsync(IStore store, CancellationToken cancellationToken)
    {
        _store = store;
        await foreach (var token in store.ScanAsync(AccountTables.Tokens.ByKey, cancellationToken))
        {
            // Its last use may be a day younger than what is written, and a token must never live too short.
            _tokens.TryAdd(token.Hash, new Entry(token, Earlier(token.UsedAt + Token.UseGrain, clock.GetUtcNow())));
        }
        await foreach (var user in store.ScanAsync(AccountTables.BlockedUsers, cancellationToken))
            _blocked[user.Id] = 0;
    }

    /// <summary>At most <paramref name="limit"/> tokens that are dead, whatever was not yet written of their use.</summary>
    public IReadOnlyList<string> Dead(int limit)
    {
        var before = clock.GetUtcNow() - Token.UseGrain;
        return [.. _tokens.Where(t => !t.Value.IsAlive(before)).Take(limit).Select(t => t.Key)];
    }

    /// <summary>What the store has of a token that is not dead, because another node has served it.</summary>
    public void Found(Token token) => Written(token, isOwn: false);

    /// <inheritdoc/>
    public void Committed(IReadOnlyList<Change> changes)
    {
        foreach (var change in changes)
        {
            switch (change)
            {
                case { Table: Table<Token>, Entity: Token token }:
                    Written(token, change.IsOwn);
                    break;
                case { Table: Table<Token> }:
                    _tokens.TryRemove(change.Key, out _);
                    break;
                case { Entity: User { Blocked: true } user }:
                    _blocked[user.Id] = 0;
                    break;
                case { Entity: User user }:
                    _blocked.TryRemove(user.Id, out _);
                    break;
            }
        }
    }

    private void Written(Token token, bool isOwn)
    {
        // Another node writes its use of a token once a day as well.
        var usedAt = isOwn ? token.UsedAt : token.UsedAt + Token.UseGrain;
        _tokens.AddOrUpdate(token.Hash, static (_, it) => new Entry(it.token, it.usedAt), static (_, entry, it) => entry.Written(it.token, it.usedAt), (token, usedAt));
    }

    private bool IsRefused(DateTimeOffset issuedAt) => restores?.RefusesToken(issuedAt) ?? false;

    private static ReadOnlySpan<char> TextOf(ReadOnlySpan<char> authorization)
    {
        var text = authorization.Trim();
        return text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? text[Scheme.Length..].TrimStart() : text;
    }

    private Entry? Lookup(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[TextLength];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<char> hex = stackalloc char[SHA256.HashSizeInBytes * 2];
        if (!Encoding.ASCII.TryGetBytes(text, bytes, out _))
            return null;
        SHA256.HashData(bytes, hash);
        Convert.TryToHexString(hash, hex, out _);
        return _tokens.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(hex, out var entry) ? entry : null;
    }

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    private sealed class Entry(Token token, DateTimeOffset usedAt)
    {
        private readonly long _diesAt = (token.IssuedAt + Token.Lifetime).UtcTicks;
        private long _usedAt = usedAt.UtcTicks;
        private long _writtenAt = token.UsedAt.UtcTicks;

        public Caller Caller { get; } = new(token.UserId, token.Hash);

        public DateTimeOffset IssuedAt { get; } = token.IssuedAt;

        public bool IsAlive(DateTimeOffset now) =>
            now.UtcTicks < _diesAt && now.UtcTicks - Volatile.Read(ref _usedAt) < Token.IdleLifetime.Ticks;

        /// <summary>Notes a use; true when it is worth writing, to one caller alone.</summary>
        public bool Use(DateTimeOffset now)
        {
            Volatile.Write(ref _usedAt, now.UtcTicks);
            var written = Volatile.Read(ref _writtenAt);
            return now.UtcTicks - written >= Token.UseGrain.Ticks
                && Interlocked.CompareExchange(ref _writtenAt, now.UtcTicks, written) == written;
        }

        public Entry Written(Token stored, DateTimeOffset usedAt)
        {
            Volatile.Write(ref _writtenAt, stored.UsedAt.UtcTicks);
            if (usedAt.UtcTicks > Volatile.Read(ref _usedAt))
                Volatile.Write(ref _usedAt, usedAt.UtcTicks);
            return this;
        }
    }
}
