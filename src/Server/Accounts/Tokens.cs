using Charging.Server.Calls;
using Charging.Server.Storage;

namespace Charging.Server.Accounts;

/// <summary>Issues and revokes tokens (contract section 4). <see cref="TokenIndex"/> checks them.</summary>
public sealed class Tokens(IStore store)
{
    /// <summary>The scheme that is part of what a rider gets and sends back.</summary>
    public const string Scheme = "Bearer ";

    private const int Slice = 200;

    /// <summary>Issues a token inside an operation: the string that goes to the rider, `Bearer …`.</summary>
    public static string Issue(ITransaction tx, long userId)
    {
        var text = Token.NewText();
        tx.Put(AccountTables.Tokens, new Token { Hash = Token.HashOf(text), UserId = userId, IssuedAt = tx.Now, UsedAt = tx.Now });
        return Scheme + text;
    }

    /// <summary>Ends one token at once. Nothing happens when it is dead already.</summary>
    /// <param name="tokenHash"><see cref="Caller.TokenHash"/>.</param>
    public Task<Result<Done>> RevokeAsync(string tokenHash) => store.RunAsync(tx =>
    {
        tx.Delete(AccountTables.Tokens, tokenHash);
        return ValueTask.FromResult(Done.Ok);
    });

    /// <summary>Ends every token of a rider inside an operation: for operators.</summary>
    /// <returns>How many were ended.</returns>
    public static async ValueTask<int> RevokeAllAsync(ITransaction tx, long userId)
    {
        for (var ended = 0; ;)
        {
            var slice = await RevokeSliceAsync(tx, userId);
            ended += slice;
            if (slice < Slice)
                return ended;
        }
    }

    /// <summary>Ends the tokens of a rider that were issued before another one, inside an operation.</summary>
    public static async ValueTask RevokeOlderAsync(ITransaction tx, long userId, string tokenHash)
    {
        if (await tx.GetAsync(AccountTables.Tokens, tokenHash) is not { } newer)
            return;
        var range = KeyRange.Prefix(AccountTables.Key(userId) + ":");
        for (IReadOnlyList<Token>? slice = null; slice is null or { Count: Slice }; range = range with { From = $"{AccountTables.Key(userId)}:{slice[^1].Hash}~" })
        {
            slice = await tx.ListAsync(AccountTables.TokensByUser, range, Slice);
            foreach (var token in slice.Where(token => token.IssuedAt < newer.IssuedAt))
                tx.Delete(AccountTables.Tokens, token.Hash);
        }
    }

    /// <summary>Ends every token of a rider at once.</summary>
    public async Task RevokeAllAsync(long userId)
    {
        while (await store.RunAsync(tx => RevokeSliceAsync(tx, userId)) == Slice)
        {
        }
    }

    private static async ValueTask<int> RevokeSliceAsync(ITransaction tx, long userId)
    {
        var tokens = await tx.ListAsync(AccountTables.TokensByUser, KeyRange.Prefix(AccountTables.Key(userId) + ":"), Slice);
        foreach (var token in tokens)
            tx.Delete(AccountTables.Tokens, token.Hash);
        return tokens.Count;
    }
}
