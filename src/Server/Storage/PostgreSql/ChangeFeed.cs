using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Npgsql;

namespace Charging.Server.Storage.PostgreSql;

/// <summary>
/// Tells the other nodes which rows of followed tables this node has changed, after the commit, and reads again what they
/// have changed. The word goes by NOTIFY on a connection of its own, many rows together: inside the operations' own
/// transactions it would make all commits wait for each other. A word that is lost is made up for by comparing.
/// </summary>
internal sealed class ChangeFeed : IHostedService, IAsyncDisposable
{
    // A notification holds less than 8000 bytes, a character up to three, and one row more is added beyond this.
    private const int MostCharacters = 2_400;

    // The transaction of a lower stamp may commit later than one of a higher; it does not take longer than this many others.
    private const long Overlap = 10_000;

    private static readonly TimeSpan ComparedEvery = TimeSpan.FromSeconds(30);
    private const int ComparisonsAnHour = 120;
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LastWord = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Bearable = TimeSpan.FromSeconds(5);

    private readonly string _node = Guid.NewGuid().ToString("N");
    private readonly NpgsqlDataSource _source;
    private readonly SqlTables _sql;
    private readonly Followers _followers;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Rereader _rereader;
    private readonly NodeClock _nodeClock;
    private readonly Channel<Word> _out = Channel.CreateUnbounded<Word>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Channel<Heard> _in = Channel.CreateUnbounded<Heard>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _silent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _running = Task.CompletedTask;
    private volatile bool _isStarted;
    private ITimer? _timer;
    private string _channel = "";
    private long _since;
    private int _comparisons;
    private volatile IReadOnlySet<string> _nodes = new HashSet<string>();

    // When this node ceased to know what the others do, by the clock's timestamp; 0 while it knows.
    private long _behindSince;

    public ChangeFeed(NpgsqlDataSource source, SqlTables sql, Followers followers, NodeClock nodeClock, TimeProvider clock, ILogger logger)
    {
        (_source, _sql, _followers, _nodeClock, _clock, _logger) = (source, sql, followers, nodeClock, clock, logger);
        _rereader = new Rereader(source, followers, logger);
        Serving = new ServeLock(source, logger);
    }

    /// <summary>Why this node does not know what the others do; null while it does, or has lost touch only just now.</summary>
    public string? Trouble => Interlocked.Read(ref _behindSince) is not 0 and var since && _clock.GetElapsedTime(since) > Bearable
        ? "This node does not hear what the others change."
        : null;

    /// <summary>How many others serve the store, as of the last look. This node is one of those that are seen.</summary>
    public int OtherNodes => Math.Max(0, _nodes.Count - 1);

    /// <summary>Whether it hears the others, or tries to.</summary>
    public bool IsStarted => _isStarted;

    /// <summary>That this node serves, held by the connection on which it listens.</summary>
    public ServeLock Serving { get; }

    /// <summary>
    /// Notes what is there before the observers load: whatever changes from now on is told to them. Until this is started,
    /// what they find is noted too (<see cref="Followers.Saw"/>): it may be newer, and gone before anybody listens.
    /// </summary>
    public async Task RememberAsync()
    {
        await using (var command = _source.CreateCommand("SELECT current_schema()"))
            _channel = $"charging_{await command.ExecuteScalarAsync()}";
        _since = await _rereader.NewestStampAsync() - Overlap;
        foreach (var table in _followers.Tables.Where(table => table.IsKnownWhole))
        {
            await foreach (var (key, stamp) in _rereader.WalkAsync(_sql.Of(table.Table), 0))
                _followers.Remember(table.Table, key, stamp);
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        FallBehind();
        _running = Task.WhenAll(ListenAsync(), HearAsync(), SpeakAsync());
        _timer = _clock.CreateTimer(_ => _in.Writer.TryWrite(++_comparisons % ComparisonsAnHour == 0 ? Heard.Everything : Heard.Often), null, ComparedEvery, ComparedEvery);
        _isStarted = true;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!_isStarted)
            return;
        // What was committed is told yet, if the database is there.
        _out.Writer.TryComplete();
        _stop.CancelAfter(LastWord);
        await _silent.Task.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stop.CancelAsync();
        await _running;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        if (_timer is not null)
            await _timer.DisposeAsync();
        await Serving.DisposeAsync();
        _isStarted = false;
        _stop.Dispose();
    }

    /// <summary>This node has committed a transaction.</summary>
    public void Announce(IReadOnlyList<Change> changes, long stamp)
    {
        if (!_isStarted)
            return;
        foreach (var change in changes.Where(change => _followers.Follows(change.Table)))
            _out.Writer.TryWrite(new Word(change.Table.Name, change.Key, stamp));
    }

    /// <summary>This node does not know whether a transaction has committed: everybody looks.</summary>
    public void Doubt(IReadOnlyList<Change> changes)
    {
        Announce(changes, 0);
        _in.Writer.TryWrite(new Heard([.. changes.Where(change => _followers.Follows(change.Table)).Select(change => new Word(change.Table.Name, change.Key, 0))]));
    }

    private async Task ListenAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using var connection = await Serving.ConnectAsync(_stop.Token);
                connection.Notification += (_, e) => Hear(e.Payload);
                await using (var command = new NpgsqlCommand($"LISTEN \"{_channel}\"", connection))
                    await command.ExecuteNonQueryAsync(_stop.Token);
                if (!await Serving.MayServeAsync(connection, _stop.Token))
                    return;
                // What was said before nobody here has heard.
                _in.Writer.TryWrite(Heard.Everything);
                while (true)
                    await connection.WaitAsync(_stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
            }
            catch (Exception e)
            {
                // Not only Npgsql's own: a name resolution that takes too long, say.
                await CutAsync(e);
            }
        }
    }

    private void Hear(string payload)
    {
        var lines = payload.Split('\n');
        if (lines[0] == _node)
            return;
        _in.Writer.TryWrite(new Heard([.. lines.Skip(1).Select(Word.Read)]));
    }

    private async Task HearAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _in.Reader.WaitToReadAsync(_stop.Token);
                await TakeInAsync();
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
            }
            catch (Exception e)
            {
                // Who was to be looked for is forgotten.
                await CutAsync(e);
                _in.Writer.TryWrite(Heard.Everything);
            }
        }
    }

    /// <summary>Takes what was heard meanwhile together, so that a row that changed often is read once.</summary>
    private async Task TakeInAsync()
    {
        var words = new Dictionary<string, Dictionary<string, long>>(StringComparer.Ordinal);
        var (often, everything) = (false, false);
        while (_in.Reader.TryRead(out var heard))
        {
            (often, everything) = (often || ReferenceEquals(heard, Heard.Often), everything || ReferenceEquals(heard, Heard.Everything));
            foreach (var word in heard.Words)
            {
                if (!words.TryGetValue(word.Table, out var keys))
                    words[word.Table] = keys = new Dictionary<string, long>(StringComparer.Ordinal);
                keys[word.Key] = Math.Max(word.Stamp, keys.GetValueOrDefault(word.Key));
            }
        }
        foreach (var (name, keys) in words)
        {
            if (_sql.Named(name) is { } table && _followers.Follows(table.Table))
                await _rereader.ReadAgainAsync(table, keys, _stop.Token);
        }
        // A node that has gone since the last look may have died between a commit and its word.
        var before = _nodes;
        if (often || everything)
        {
            await _nodeClock.CompareAsync(_stop.Token);
            _nodes = await _rereader.NodesAsync();
        }
        if (everything || !before.IsSubsetOf(_nodes))
        {
            await CompareAsync(missed => missed != Missed.Lost);
            Interlocked.Exchange(ref _behindSince, 0);
        }
        else if (often)
            await CompareAsync(missed => missed == Missed.ComparedOften);
    }

    private async Task CompareAsync(Func<Missed, bool> isWanted)
    {
        var newest = await _rereader.NewestStampAsync();
        foreach (var table in _followers.Tables.Where(table => isWanted(table.Missed)))
            await _rereader.CompareAsync(_sql.Of(table.Table), table, _since, _stop.Token);
        if (isWanted(Missed.Since))
            _since = newest - Overlap;
        _followers.Forget();
    }

    private async Task SpeakAsync()
    {
        try
        {
            while (await _out.Reader.WaitToReadAsync(_stop.Token))
            {
                var text = new StringBuilder(_node);
                while (text.Length < MostCharacters && _out.Reader.TryRead(out var word))
                    text.Append('\n').Append(word);
                while (!await TrySayAsync(text.ToString()))
                    await Task.Delay(Retry, _stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
        finally
        {
            _silent.TrySetResult();
        }
    }

    private async Task<bool> TrySayAsync(string text)
    {
        try
        {
            await using var command = _source.CreateCommand(SqlTables.Announce);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = _channel });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = text });
            await command.ExecuteNonQueryAsync(_stop.Token);
            return true;
        }
        catch (Exception e)
        {
            _logger.FeedCut(e.Message);
            return false;
        }
    }

    private async Task CutAsync(Exception failure)
    {
        FallBehind();
        _logger.FeedCut(failure.Message);
        await Task.Delay(Retry, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void FallBehind() => Interlocked.CompareExchange(ref _behindSince, Math.Max(1, _clock.GetTimestamp()), 0);
}
